/** Chooses whether the graphs run on the processor or on the GPU: by what they answer, then by how fast. */
import type { ProviderName, ProviderWish } from '../../shared/model/providers';
import type { MaskLogits } from '../../shared/types';

/** Opened graphs, wherever they run. */
export interface Candidate<Opened> {
  readonly opened: Opened;
  /** Answer the same made-up clicks. */
  attempt(): Promise<Attempt>;
  release(): Promise<void>;
}

/** How a candidate did. */
export interface Attempt {
  /** Of the first click, which no mask before it can lead astray. */
  readonly logits: MaskLogits;
  /** A click, once everything is warm. */
  readonly milliseconds: number;
}

export interface Choice<Opened> {
  readonly provider: ProviderName;
  readonly opened: Opened;
  /** Why the GPU is not used although it was asked for; null when nothing has to be said. */
  readonly note: string | null;
}

/** Why the GPU is not used, in words that users read; other errors are for developers. */
export class Objection extends Error {
  override readonly name = 'Objection';
}

/**
 * Largest difference of the mask logits of the two, root mean square, relative to those of the processor. Rounding
 * stays far below; a wrong shader, or one that returns zeros, does not.
 */
const MOST_DIFFERENCE = 0.01;

/**
 * The processor, unless the GPU is wanted, computes the same and is faster.
 *
 * Whatever goes wrong on the GPU ends on the processor, with the reason in `note`.
 */
export async function choose<Opened>(
  wish: ProviderWish,
  openOnProcessor: () => Promise<Candidate<Opened>>,
  openOnGpu: () => Promise<Candidate<Opened>>,
): Promise<Choice<Opened>> {
  const processor = await openOnProcessor();
  const stay = (note: string | null): Choice<Opened> => ({
    provider: 'wasm',
    opened: processor.opened,
    note,
  });
  if (wish === 'wasm') return stay(null);
  const usual = await processor.attempt();
  let gpu: Candidate<Opened> | null = null;
  try {
    gpu = await openOnGpu();
    // The first attempt compiles; the second one counts.
    const first = await gpu.attempt();
    const objection = objectionTo(first, usual) ?? slowness(wish, await gpu.attempt(), usual);
    if (objection !== null) throw new Objection(objection);
  } catch (error) {
    await gpu?.release().catch(() => undefined);
    const reason = error instanceof Objection ? error.message : 'it fails in this browser';
    return stay(`WebGPU is not used: ${reason}`);
  }
  await processor.release();
  return { provider: 'webgpu', opened: gpu.opened, note: null };
}

function objectionTo({ logits }: Attempt, usual: Attempt): string | null {
  const difference = relativeDifference(logits.data, usual.logits.data);
  // Not a number is an objection, too.
  return difference <= MOST_DIFFERENCE
    ? null
    : `its mask differs from that of the processor by ${(100 * difference).toFixed(1)} %`;
}

function slowness(wish: ProviderWish, { milliseconds }: Attempt, usual: Attempt): string | null {
  if (wish === 'webgpu-forced' || milliseconds < usual.milliseconds) return null;
  return `a click takes ${milliseconds.toFixed(0)} ms, ${usual.milliseconds.toFixed(0)} ms on the processor`;
}

/** Root mean square of the difference over that of the expected values. */
export function relativeDifference(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return NaN;
  let [difference, size] = [0, 0];
  expected.forEach((value, i) => {
    difference += ((found[i] ?? NaN) - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(difference / Math.max(size, Number.MIN_VALUE));
}
