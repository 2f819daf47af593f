/** One interaction with one object: what `splitseem_model` does in torch, over the exported graphs. */
import type { WorkerStepResult } from '../../shared/messages';
import type { GeneralDecoder } from '../decode/generalDecoder';
import { answer } from './answering';
import { ask, type StepPrompts } from './asking';
import type { Decoder } from './decoder';
import type { PreparedImage } from './preparedImage';
import { Stopwatch } from './stopwatch';

/** `general` exactly when there are texts. The same arguments always give the same mask. */
export async function step(
  decoder: Decoder,
  general: GeneralDecoder | null,
  image: PreparedImage,
  prompts: StepPrompts,
): Promise<WorkerStepResult> {
  const watch = new Stopwatch();
  const asked = await ask(decoder, general, image, prompts, watch);
  const answered = await answer(decoder, image, asked, watch);
  return { ...answered, timings: watch.laps };
}
