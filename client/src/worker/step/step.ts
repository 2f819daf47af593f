/** One interaction with one object: what `splitseem_model` does in torch, over the exported graphs. */
import type { WorkerStepResult } from '../../shared/messages';
import type { CocoRle } from '../../shared/types';
import type { GeneralDecoder } from '../decode/generalDecoder';
import { answer } from './answering';
import { ask, type StepPrompts } from './asking';
import type { Decoder } from './decoder';
import type { PreparedImage } from './preparedImage';
import { Stopwatch, stoppable } from './stopwatch';

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

/** The mask of a step, until the signal is given: the next stage then does not begin. */
export async function previewStep(
  decoder: Decoder,
  general: GeneralDecoder | null,
  image: PreparedImage,
  prompts: StepPrompts,
  signal: AbortSignal,
): Promise<CocoRle> {
  const watch = stoppable(signal);
  const asked = await ask(decoder, general, image, prompts, watch);
  return (await answer(decoder, image, asked, watch)).mask;
}
