import { rleArea } from '../shared/rle';
import { applyEdits, emptyMask, type EditItem } from '../shared/prompt/edits';
import { WORKER_STAGES } from '../shared/stages';
import type { WorkerTimings } from '../shared/messages';
import type { SizeHw, StepResult } from '../shared/types';

/** All but what follows from where and when it was asked. */
export type Answer = Omit<StepResult, 'timings' | 'label' | 'labelScore'> & {
  readonly timings: WorkerTimings;
};

/** Of an object that nothing is known of. */
const NOTHING = { maskLogits: null, classEmbed: new Float32Array(0), score: null, isDraft: false };

const NO_TIME = Object.fromEntries(WORKER_STAGES.map((stage) => [stage, 0])) as WorkerTimings;

/** What a stroke or a mask makes of an object: no decoder is asked. */
export function editResult(edit: EditItem, previous: StepResult | null, size: SizeHw): Answer {
  const before = edit.kind === 'mask' ? null : previous;
  const mask = applyEdits(before?.mask ?? emptyMask(size), [edit]);
  const { maskLogits, classEmbed, score, isDraft } = before ?? NOTHING;
  const known = { maskLogits, classEmbed, score, isDraft, ...(before?.kept && { kept: before.kept }) };
  return { ...known, mask, area: rleArea(mask), timings: NO_TIME };
}
