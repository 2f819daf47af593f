/** Passes of the decoder that make an answer: one, or for an object's first prompts as many as the model wants. */
import type { GeneralDecoder } from '../decode/generalDecoder';
import { redraw, select, type Drawn } from './answering';
import { ask, type StepPrompts } from './asking';
import type { Decoder } from './decoder';
import type { PreparedImage } from './preparedImage';
import type { Laps } from './stopwatch';

/** What every pass asks, of what; `general` exactly when there are texts. */
export interface Question {
  readonly decoder: Decoder;
  readonly general: GeneralDecoder | null;
  readonly image: PreparedImage;
  readonly prompts: StepPrompts;
}

/** The answer of all passes. */
export async function drawAnswer(question: Question, watch: Laps): Promise<Drawn> {
  const { memory, painted } = question.prompts;
  const isFirst = memory === null && painted === undefined;
  const drawn = await pass(question, watch);
  return isFirst ? askAgain(question, drawn, watch) : drawn;
}

/** The answer to the first prompts of an object, given that of the first pass. */
async function askAgain(question: Question, first: Drawn, watch: Laps): Promise<Drawn> {
  const { first_passes: passes = 1 } = question.decoder.manifest.config;
  let drawn = first;
  for (let done = 1; done < passes; done++) {
    const prompts = { ...question.prompts, memory: drawn.logits };
    drawn = await pass({ ...question, prompts }, watch);
  }
  return drawn;
}

/** One run of the decoder and of what redraws its mask. */
export async function pass({ decoder, general, image, prompts }: Question, watch: Laps): Promise<Drawn> {
  const asked = await ask(decoder, general, image, prompts, watch);
  return redraw(decoder, image, await select(decoder, image, asked, watch), watch);
}
