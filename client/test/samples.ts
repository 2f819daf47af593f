/** Small messages for tests. */
import { RunWriter } from '../src/shared/rle';
import type { PromptItem, SizeHw, StepResult } from '../src/shared/types';

export const click = (x: number, y: number, label: 0 | 1 = 1): PromptItem => ({ kind: 'click', x, y, label });

/** A result whose mask covers the first `fill` pixels of the first column. */
export function stepResult({ fill, size }: { readonly fill: number; readonly size: SizeHw }): StepResult {
  const runs = new RunWriter();
  runs.push(true, fill);
  runs.push(false, size.height * size.width - fill);
  return {
    maskLogits: { height: 1, width: 1, data: Float32Array.of(fill) },
    mask: runs.finish(size),
    area: fill,
    classEmbed: Float32Array.of(fill, 1),
    label: 'cat',
    labelScore: 0.75,
    score: 3,
    timings: { queue: 1, sample: 2, step: 3, mask: 4, total: 10 },
  };
}
