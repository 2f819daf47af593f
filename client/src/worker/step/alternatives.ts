/** Several answers to one click: `splitseem_model/step/alternatives.py` does the same and says why. */
import type { WorkerStepResult } from '../../shared/messages';
import type { Extent, ImageGeometry, MaskLogits } from '../../shared/types';
import { finish } from './answering';
import { pass, type Question } from './passes';
import { bitsOf, LEAST_CELLS, overlap, type Bits } from './proposals';
import { MASK_STRIDE } from '../layers/sampling';
import { step } from './step';
import { Stopwatch } from './stopwatch';

/** Logits by which the first mask is moved to be the memory of another, in the order of the answers. */
export const SHIFTS: Readonly<Record<Extent, number>> = { smaller: -4, larger: 2 };
/** What can be meant by a click, the first answer first. */
export const MEANT = [undefined, ...(Object.keys(SHIFTS) as Extent[])];
/** Masks that overlap at most this much, as IoU, are different answers. */
const DIFFERENT = 0.85;

/** The answer that is meant by the last prompt. */
export async function meantStep(question: Question): Promise<WorkerStepResult> {
  const { extent, ...prompts } = question.prompts;
  if (extent === undefined) return step(question);
  const { decoder, image } = question;
  const watch = new Stopwatch();
  const first = await pass({ ...question, prompts }, watch);
  const { points, texts, strokes = [] } = prompts;
  const memory = shifted(first.logits, SHIFTS[extent]);
  const drawn = await pass({ ...question, prompts: { points, texts, strokes, memory } }, watch);
  return { ...(await finish(decoder, image, drawn, watch)), timings: watch.laps };
}

/** The memory with which something smaller or larger is asked for. */
export const shifted = ({ data, ...size }: MaskLogits, shift: number): MaskLogits => ({
  ...size,
  data: data.map((logit) => logit + shift),
});

/** The first answer, and those of the others that differ from it and from each other. */
export function distinct<Answer extends Masked>(
  answers: readonly Answer[],
  { input_hw: [height, width] }: Pick<ImageGeometry, 'input_hw'>,
): Answer[] {
  const [rows, columns] = [Math.ceil(height / MASK_STRIDE), Math.ceil(width / MASK_STRIDE)];
  const masks: Bits[] = [];
  return answers.filter(({ result }, place) => {
    const mask = bitsOf(result.maskLogits, rows, columns);
    const isOther = mask.count >= LEAST_CELLS && masks.every((one) => overlap(mask, one) <= DIFFERENT);
    if (place === 0 || isOther) masks.push(mask);
    return place === 0 || isOther;
  });
}

interface Masked {
  readonly result: { readonly maskLogits: MaskLogits };
}
