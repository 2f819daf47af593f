/** What the decoder is told of a prompt, with those of its object before it. */
import { counted, isEdit, standing } from '../shared/prompt/edits';
import { encodedPart, promptPoints, type EncodedPart, type PointRules } from '../shared/prompt/prompts';
import type { StepArgs } from '../shared/messages';
import type { PromptItem, SizeHw, StepResult, TextVectors } from '../shared/types';

export interface Asked {
  /** What the worker calls the embedding, and the part of the photo that it is of; null: all. */
  readonly embedded: { readonly id: string; readonly part: EncodedPart['roi_xywh'] | null };
  /** Of the photo. */
  readonly size: SizeHw;
  /** All of the object so far. */
  readonly prompts: readonly PromptItem[];
  /** Of the prompt before; null when this is the first. */
  readonly previous: StepResult | null;
  /** Of all texts among those prompts that count, in order. */
  readonly texts: readonly TextVectors[];
}

export function askedOf({ embedded, size, prompts, previous, texts }: Asked, rules: PointRules): StepArgs {
  const told = counted(prompts);
  const [before, last] = [told.at(-2), told.at(-1)];
  const part = encodedPart(size, embedded.part);
  return {
    ...{ imageId: embedded.id, texts, prompts: told },
    points: promptPoints(told, part, rules),
    memory: previous?.maskLogits ?? null,
    ...(previous && before && isEdit(before) && { painted: previous.mask }),
    strokes: standing(told, part, rules),
    ...(last?.kind === 'click' && last.extent && { extent: last.extent }),
  };
}
