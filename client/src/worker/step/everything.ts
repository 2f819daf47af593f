/**
 * Everything in an image, or all that a word names: clicks that nobody gave, answered in slices, so that what the user
 * gives goes first.
 */
import type { Loaded } from '../../api/wait';
import { aborted, Failure } from '../../shared/errors';
import type { WorkerProposal } from '../../shared/messages';
import type { ImageGeometry, PointXy } from '../../shared/types';
import { inWords, meaningOf } from '../mask/meaning';
import type { Turns } from '../runtime/turns';
import { finish, redraw, select, selectOnItsCells, type Drawn } from './answering';
import { askClicks, type Asked, type Clicked } from './asking';
import type { Decoder } from './decoder';
import { drafting, sizeOnItsCells } from './coarseDraft';
import type { PreparedImage } from './preparedImage';
import { alikeAt, cosine, coverOf, look, wordScore } from './finding';
import { ALIKE_SHOWN, apart, gridOf, likelihood, ROUGH, sideBySide, unique } from './proposals';
import { Stopwatch } from './stopwatch';

interface Options {
  readonly signal?: AbortSignal | undefined;
  /** Hears of how many pieces of work are done, out of how many. */
  readonly onProgress?: ((done: Loaded) => void) | undefined;
}

/** What is shown beside each other, the likeliest first; each is what a step with its click alone gives. */
export async function everything(
  decoder: Decoder,
  image: PreparedImage,
  turns: Turns,
  options: Options,
): Promise<WorkerProposal[]> {
  const work = new Work(decoder, turns, options);
  const coarse = await coarseOf(decoder, image, turns);
  const clicks = gridOf(image.geometry).map((point) => ({ point, memory: null }));
  const rough = (await work.ask(coarse, clicks)).map((asked, k) => {
    const drawn = selectOnItsCells(decoder, coarse, asked);
    return { point: clicks[k]?.point, logits: drawn.logits, score: likelihoodOf(drawn) };
  });
  const likely = unique(rough, sizeOnItsCells(coarse), { most: ROUGH, same: ALIKE_SHOWN });
  const points = likely.flatMap(({ point }) => point ?? []);
  return work.propose(image, points, likelihoodOf, apart);
}

/** An image of coarser maps, on which many clicks take less time; the image itself where it is small. */
async function coarseOf(decoder: Decoder, image: PreparedImage, turns: Turns): Promise<PreparedImage> {
  const slices = drafting(decoder.graphs, image);
  for (;;) {
    const { value, done } = await turns.slice(() => slices.next());
    if (done === true) return image;
    if (value !== null) return value;
  }
}

const likelihoodOf = ({ logits, score }: Pick<Drawn, 'logits' | 'score'>): number =>
  likelihood(logits, score);

/** All that a text names, best first; `vector` is that of the text. */
export async function find(
  decoder: Decoder,
  image: PreparedImage,
  turns: Turns,
  vector: Float32Array,
  options: Options,
): Promise<WorkerProposal[]> {
  const { toSentence } = decoder;
  const { meanings } = image;
  if (!toSentence || meanings === null)
    throw new Failure({ kind: 'model', message: 'the model has no map of meanings to find words in' });
  const { points, heat } = look(meanings, toSentence, vector, image.geometry);
  const meant = (logits: Drawn['logits']): number =>
    cosine(inWords(meaningOf(meanings, logits), toSentence), vector);
  const rate = ({ logits, score }: Drawn): number =>
    wordScore(coverOf(meanings, logits, heat), meant(logits), likelihood(logits, score));
  const choose = (all: Rated[]): Rated[] => {
    const fits = all.map(({ logits }) => meant(logits));
    const at = alikeAt(
      all.map(({ score }) => score),
      fits,
    );
    return sideBySide(
      at.flatMap((k) => all[k] ?? []),
      image.geometry,
    );
  };
  return new Work(decoder, turns, options).propose(image, points, rate, choose);
}

interface Candidate extends Drawn {
  readonly point: PointXy;
  readonly watch: Stopwatch;
}

interface Rated {
  readonly one: Candidate;
  readonly logits: Drawn['logits'];
  /** 0 to 1 */
  readonly score: number;
}

/** Pieces of work, between which the worker hears what else is asked. */
class Work {
  readonly #decoder: Decoder;
  readonly #turns: Turns;
  readonly #options: Options;
  readonly #progress = { done: 0, total: 0 };

  constructor(decoder: Decoder, turns: Turns, options: Options) {
    this.#decoder = decoder;
    this.#turns = turns;
    this.#options = options;
  }

  /** What the decoder says to clicks. */
  async ask(image: PreparedImage, clicks: readonly Clicked[]): Promise<Asked[]> {
    const batches = [...inBatches(clicks, this.#decoder)];
    const answers = await this.#each(batches, (some) => askClicks(this.#decoder, image, some), BATCH);
    return answers.flat();
  }

  /**
   * The answers to clicks that are rated best and that are not nearly the same, as steps answer these clicks.
   *
   * `choose` is given them best first.
   */
  async propose(
    image: PreparedImage,
    points: readonly PointXy[],
    rate: (drawn: Drawn) => number,
    choose: (found: Rated[], geometry: ImageGeometry) => Rated[],
  ): Promise<WorkerProposal[]> {
    const { geometry } = image;
    const begun = points.map((point) => ({ point, memory: null, watch: new Stopwatch() }));
    const found = (await this.#pass(image, begun)).map((one) => ({
      one,
      logits: one.logits,
      score: rate(one),
    }));
    const kept = choose(unique(found, geometry), geometry);
    let answers = kept.map(({ one }) => one);
    const { first_passes: passes = 1 } = this.#decoder.manifest.config;
    for (let done = 1; done < passes; done++) {
      answers = await this.#pass(
        image,
        answers.map((one) => ({ ...one, memory: one.logits })),
      );
    }
    return this.#each(answers, async ({ point, watch, ...drawn }, k) => {
      const result = await finish(this.#decoder, image, drawn, watch);
      return { point, likelihood: kept[k]?.score ?? 0, result: { ...result, timings: watch.laps } };
    });
  }

  /** As `pass` of `passes.ts`, for many clicks. */
  async #pass(
    image: PreparedImage,
    clicks: readonly (Clicked & Pick<Candidate, 'watch'>)[],
  ): Promise<Candidate[]> {
    const asked = await this.ask(image, clicks);
    const each = asked.flatMap((one, k) => (clicks[k] ? [{ ...clicks[k], one }] : []));
    return this.#each(each, async ({ one, point, watch }) => {
      const selected = await select(this.#decoder, image, one, watch);
      return { ...(await redraw(this.#decoder, image, selected, watch)), point, watch };
    });
  }

  /** What is made of each item, `weight` pieces of work. */
  async #each<Item, Made>(
    items: readonly Item[],
    make: (item: Item, k: number) => Promise<Made>,
    weight = 1,
  ): Promise<Made[]> {
    const { signal, onProgress } = this.#options;
    const made: Made[] = [];
    this.#progress.total += items.length * weight;
    for (const [k, item] of items.entries()) {
      const one = await this.#turns.slice(async () => {
        if (signal?.aborted === true) throw new Failure(aborted());
        return make(item, k);
      });
      made.push(one);
      this.#progress.done += weight;
      onProgress?.({ bytes: this.#progress.done, total: this.#progress.total });
    }
    return made;
  }
}

/** Clicks that one run of the decoder answers: each takes half of the time that it takes alone. */
const BATCH = 8;

/** As many as a run takes; a graph of fixed sizes would be opened for each number of them. */
function* inBatches<Item>(items: readonly Item[], { graphs }: Decoder): Generator<readonly Item[]> {
  const most = graphs.step.hasFixedSizes === true ? 1 : BATCH;
  for (let k = 0; k < items.length; k += most) yield items.slice(k, k + most);
}
