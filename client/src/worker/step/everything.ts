/**
 * Everything in an image, or all that a word names: clicks that nobody gave, answered in slices, so that what the user
 * gives goes first.
 */
import type { Loaded } from '../../api/wait';
import { aborted, Failure } from '../../shared/errors';
import type { WorkerProposal, WorkerStepResult } from '../../shared/messages';
import type { PointXy } from '../../shared/types';
import { inWords, meaningOf } from '../mask/meaning';
import type { Turns } from '../runtime/turns';
import { finish, redraw, select, type Drawn } from './answering';
import { askClicks, type StepPrompts } from './asking';
import type { Decoder } from './decoder';
import { drafting } from './coarseDraft';
import { askAgain } from './passes';
import type { PreparedImage } from './preparedImage';
import { alikeAt, cosine, coverOf, look, wordScore } from './finding';
import { ALIKE, apart, gridOf, likelihood, ROUGH, sideBySide, unique } from './proposals';
import { Stopwatch } from './stopwatch';

interface Options {
  readonly signal?: AbortSignal | undefined;
  /** Hears of how many pieces of work are done, out of how many. */
  readonly onProgress?: ((done: Loaded) => void) | undefined;
}

interface Candidate extends Drawn {
  readonly point: PointXy;
  readonly watch: Stopwatch;
}

/** What is shown beside each other, the likeliest first; each is what a step with its click alone gives. */
export async function everything(
  decoder: Decoder,
  image: PreparedImage,
  turns: Turns,
  options: Options,
): Promise<WorkerProposal[]> {
  const coarse = await coarseOf(decoder, image, turns);
  const work = { decoder, image, coarse, turns, redrawn: ROUGH, choose: apart<Rated> };
  return propose(work, gridOf(image.geometry), likelihoodOf, options);
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

const likelihoodOf = ({ logits, score }: Drawn): number => likelihood(logits, score);

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
  return propose({ decoder, image, coarse: image, turns, redrawn: null, choose }, points, rate, options);
}

interface Rated {
  readonly one: Candidate;
  readonly logits: Drawn['logits'];
  /** 0 to 1 */
  readonly score: number;
}

interface Work {
  readonly decoder: Decoder;
  readonly image: PreparedImage;
  /** The same, perhaps of coarser maps, for answers that are not redrawn. */
  readonly coarse: PreparedImage;
  readonly turns: Turns;
  /** How many masks are redrawn, the likeliest of the rough ones, no two alike; null: all. */
  readonly redrawn: number | null;
  /** Which of those are kept that are not nearly the same, best first. */
  readonly choose: (found: Rated[], geometry: PreparedImage['geometry']) => Rated[];
}

/** The answers to clicks that are rated best, and that are not nearly the same. */
async function propose(
  { decoder, image, coarse, turns, redrawn, choose }: Work,
  clicks: readonly PointXy[],
  rate: (drawn: Drawn) => number,
  { signal, onProgress }: Options,
): Promise<WorkerProposal[]> {
  let [done, total] = [0, clicks.length];
  const piece = async <T>(work: () => Promise<T>, count = 1): Promise<T> => {
    const made = await turns.slice(async () => {
      if (signal?.aborted === true) throw new Failure(aborted());
      return work();
    });
    done += count;
    onProgress?.({ bytes: done, total });
    return made;
  };
  const roughOf = async (on: PreparedImage, points: readonly PointXy[]): Promise<Candidate[]> => {
    const rough: Candidate[] = [];
    for (const some of inBatches(points, decoder)) {
      rough.push(...(await piece(() => roughAt(decoder, on, some), some.length)));
    }
    return rough;
  };
  const first = (await roughOf(coarse, clicks)).map(ratedBy(likelihoodOf));
  const likely = redrawn === null ? first : unique(first, image.geometry, { most: redrawn, same: ALIKE });
  const again = coarse === image ? 0 : likely.length;
  total += likely.length + again;
  const chosen = likely.map(({ one }) => one);
  const fine =
    again === 0
      ? chosen
      : await roughOf(
          image,
          chosen.map(({ point }) => point),
        );
  const drawn: Candidate[] = [];
  for (const one of fine) drawn.push(await piece(() => drawAgain(decoder, image, one)));
  const kept = choose(unique(drawn.map(ratedBy(rate)), image.geometry), image.geometry);
  total += kept.length;
  const proposals: WorkerProposal[] = [];
  for (const { one, score } of kept) {
    const answered = await piece(() => finishAt(decoder, image, one));
    proposals.push({ point: one.point, likelihood: score, result: { ...answered, timings: one.watch.laps } });
  }
  return proposals;
}

const ratedBy =
  (rate: (drawn: Drawn) => number) =>
  (one: Candidate): Rated => ({ one, logits: one.logits, score: rate(one) });

/** Clicks that one run of the decoder answers: each takes half of the time that it takes alone. */
const BATCH = 8;

/** As many as a run takes; a graph of fixed sizes would be opened for each number of them. */
function* inBatches(points: readonly PointXy[], { graphs }: Decoder): Generator<readonly PointXy[]> {
  const most = graphs.step.hasFixedSizes === true ? 1 : BATCH;
  for (let k = 0; k < points.length; k += most) yield points.slice(k, k + most);
}

async function roughAt(
  decoder: Decoder,
  image: PreparedImage,
  points: readonly PointXy[],
): Promise<Candidate[]> {
  const asked = await askClicks(decoder, image, points);
  const candidates: Candidate[] = [];
  for (const [k, point] of points.entries()) {
    const [watch, one] = [new Stopwatch(), asked[k]];
    if (one !== undefined) candidates.push({ ...(await select(decoder, image, one, watch)), point, watch });
  }
  return candidates;
}

const clickAt = (point: PointXy): StepPrompts => ({
  points: [{ ...point, label: 1 }],
  texts: [],
  memory: null,
});

/** As a step answers the click. */
async function finishAt(
  decoder: Decoder,
  image: PreparedImage,
  one: Candidate,
): Promise<Omit<WorkerStepResult, 'timings'>> {
  const question = { decoder, general: null, image, prompts: clickAt(one.point) };
  return finish(decoder, image, await askAgain(question, one, one.watch), one.watch);
}

async function drawAgain(decoder: Decoder, image: PreparedImage, one: Candidate): Promise<Candidate> {
  return { ...one, ...(await redraw(decoder, image, one, one.watch)) };
}
