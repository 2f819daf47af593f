/** One interaction with one object: what `splitseem_model` does in torch, over the exported graphs. */
import type { WorkerStepResult } from '../../shared/messages';
import type { CocoRle } from '../../shared/types';
import { finish } from './answering';
import { drawAnswer, type Question } from './passes';
import { Stopwatch, stoppable } from './stopwatch';

/** The same arguments always give the same mask. */
export async function step(question: Question): Promise<WorkerStepResult> {
  const watch = new Stopwatch();
  const drawn = await drawAnswer(question, watch);
  const answered = await finish(question.decoder, question.image, drawn, watch);
  return { ...answered, timings: watch.laps };
}

/** The mask of a step, until the signal is given: the next stage then does not begin. */
export async function previewStep(question: Question, signal: AbortSignal): Promise<CocoRle> {
  const watch = stoppable(signal);
  const drawn = await drawAnswer(question, watch);
  return (await finish(question.decoder, question.image, drawn, watch)).mask;
}
