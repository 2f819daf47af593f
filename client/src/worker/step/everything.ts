/** Everything in an image: a grid of clicks, answered in slices, so that what the user gives goes first. */
import type { Loaded } from '../../api/wait';
import { aborted, Failure } from '../../shared/errors';
import type { WorkerProposal } from '../../shared/messages';
import type { PointXy } from '../../shared/types';
import type { Turns } from '../runtime/turns';
import { draw, finish, type Drawn } from './answering';
import { ask } from './asking';
import type { Decoder } from './decoder';
import type { PreparedImage } from './preparedImage';
import { apart, gridOf, likelihood, unique } from './proposals';
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
  { signal, onProgress }: Options,
): Promise<WorkerProposal[]> {
  const clicks = gridOf(image.geometry);
  let [done, total] = [0, clicks.length];
  const piece = async <T>(work: () => Promise<T>): Promise<T> => {
    const made = await turns.slice(async () => {
      if (signal?.aborted === true) throw new Failure(aborted());
      return work();
    });
    onProgress?.({ bytes: ++done, total });
    return made;
  };
  const candidates: (Candidate & { readonly logits: Drawn['logits'] })[] = [];
  for (const point of clicks) candidates.push(await piece(() => drawAt(decoder, image, point)));
  const scored = candidates.map((one) => ({ ...one, likely: likelihood(one.logits, one.score) }));
  const found = unique(
    scored.map((one) => ({ one, logits: one.logits, score: one.likely })),
    image.geometry,
  );
  const kept = apart(found, image.geometry);
  total += kept.length;
  const proposals: WorkerProposal[] = [];
  for (const { one, score } of kept) {
    const answered = await piece(() => finish(decoder, image, one, one.watch));
    proposals.push({ point: one.point, likelihood: score, result: { ...answered, timings: one.watch.laps } });
  }
  return proposals;
}

async function drawAt(decoder: Decoder, image: PreparedImage, point: PointXy): Promise<Candidate> {
  const watch = new Stopwatch();
  const prompts = { points: [{ ...point, label: 1 as const }], texts: [], memory: null };
  const asked = await ask(decoder, null, image, prompts, watch);
  return { ...(await draw(decoder, image, asked, watch)), point, watch };
}
