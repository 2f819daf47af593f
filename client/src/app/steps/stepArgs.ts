import type { PendingStep } from '../../session/state';
import type { StepArgs } from '../../shared/messages';
import { counted, isEdit, standing } from '../../shared/prompt/edits';
import { encodedPart, promptPoints } from '../../shared/prompt/prompts';
import type { Store } from '../state/store';
import type { TextLookup } from './textLookup';

/** What of a prompt the decoder is told; null while it cannot be. */
export function stepArgs(
  { decoder, photos }: Store,
  lookup: TextLookup,
  { embedded, prompts, previous }: Pick<PendingStep, 'embedded' | 'prompts' | 'previous'>,
): StepArgs | null {
  const size = photos.value.get(embedded.image)?.photo.size;
  const texts = lookup.vectorsOf(counted(prompts));
  if (size === undefined || texts === null || decoder.value.phase !== 'ready') return null;
  const { info } = decoder.value;
  const told = counted(prompts);
  const [before, last] = [told.at(-2), told.at(-1)];
  const part = encodedPart(size, embedded.part);
  return {
    ...{ imageId: embedded.id, texts, prompts: told },
    points: promptPoints(told, part, info),
    memory: previous?.maskLogits ?? null,
    ...(previous && before && isEdit(before) && { painted: previous.mask }),
    strokes: standing(told, part, info),
    ...(last?.kind === 'click' && last.extent && { extent: last.extent }),
  };
}
