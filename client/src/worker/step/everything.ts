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
import { ask, type StepPrompts } from './asking';
import type { Decoder } from './decoder';
import { askAgain } from './passes';
import type { PreparedImage } from './preparedImage';
import { alikeAt, cosine, coverOf, look, wordScore } from './finding';
import { apart, gridOf, likelihood, ROUGH, sideBySide, unique } from './proposals';
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
  const work = { decoder, image, turns, redrawn: ROUGH, choose: apart<Rated> };
  return propose(work, gridOf(image.geometry), likelihoodOf, options);
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
  return propose({ decoder, image, turns, redrawn: null, choose }, points, rate, options);
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
  readonly turns: Turns;
  /** How many masks are redrawn, the likeliest of the rough ones, no two nearly the same; null: all. */
  readonly redrawn: number | null;
  /** Which of those are kept that are not nearly the same, best first. */
  readonly choose: (found: Rated[], geometry: PreparedImage['geometry']) => Rated[];
}

/** The answers to clicks that are rated best, and that are not nearly the same. */
async function propose(
  { decoder, image, turns, redrawn, choose }: Work,
  clicks: readonly PointXy[],
  rate: (drawn: Drawn) => number,
  { signal, onProgress }: Options,
): Promise<WorkerProposal[]> {
  let [done, total] = [0, clicks.length];
  const piece = async <T>(work: () => Promise<T>): Promise<T> => {
    const made = await turns.slice(async () => {
      if (signal?.aborted === true) throw new Failure(aborted());
      return work();
    });
    onProgress?.({ bytes: ++done, total });
    return made;
  };
  const rough: Candidate[] = [];
  for (const point of clicks) rough.push(await piece(() => roughAt(decoder, image, point)));
  const first = rough.map(ratedBy(likelihoodOf));
  const likely = redrawn === null ? first : unique(first, image.geometry, redrawn);
  total += likely.length;
  const drawn: Candidate[] = [];
  for (const { one } of likely) drawn.push(await piece(() => drawAgain(decoder, image, one)));
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

async function roughAt(decoder: Decoder, image: PreparedImage, point: PointXy): Promise<Candidate> {
  const watch = new Stopwatch();
  const asked = await ask(decoder, null, image, clickAt(point), watch);
  return { ...(await select(decoder, image, asked, watch)), point, watch };
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
