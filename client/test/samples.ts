/** Small messages for tests. */
import { RunWriter } from '../src/shared/rle';
import type { PromptItem, SizeHw, StepResult } from '../src/shared/types';
import type { WorkerStepResult } from '../src/shared/messages';
import type { PointRules } from '../src/shared/prompt/prompts';

export const click = (x: number, y: number, label: 0 | 1 = 1): PromptItem => ({ kind: 'click', x, y, label });

const TIMINGS = {
  ...{ queue: 1, tokens: 2, step: 3, select: 4, refine: 5, correct: 6, photo: 7, mask: 8 },
  ...{ frame: 0, paint: 0, total: 36 },
};

/** A result whose mask covers the first `fill` pixels of the first column. */
export function stepResult({
  fill,
  size,
}: {
  readonly fill: number;
  readonly size: SizeHw;
}): StepResult & WorkerStepResult {
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
    isDraft: false,
    timings: TIMINGS,
  };
}

/** What models with point labels for the corners of a box ask of points. */
export const POINT_RULES: PointRules = {
  regionRules: { box: 'corners', polygon: 'surround' },
  maxPoints: 512,
};
