import type { PendingStep } from '../../session/state';
import type { StepArgs } from '../../shared/messages';
import { counted, isEdit, standing } from '../../shared/prompt/edits';
import { promptPoints, wholeImage } from '../../shared/prompt/prompts';
import type { Store } from '../state/store';
import type { TextLookup } from './textLookup';

/** What of a prompt the decoder is told; null while it cannot be. */
export function stepArgs(
  { decoder, photos }: Store,
  lookup: TextLookup,
  { imageId, prompts, previous }: Pick<PendingStep, 'imageId' | 'prompts' | 'previous'>,
): StepArgs | null {
  const size = photos.value.get(imageId)?.photo.size;
  const texts = lookup.vectorsOf(counted(prompts));
  if (size === undefined || texts === null || decoder.value.phase !== 'ready') return null;
  const { info } = decoder.value;
  const told = counted(prompts);
  const before = told.at(-2);
  return {
    ...{ imageId, texts, prompts: told },
    points: promptPoints(told, wholeImage(size), info),
    memory: previous?.maskLogits ?? null,
    ...(previous && before && isEdit(before) && { painted: previous.mask }),
    strokes: standing(told, size, info),
  };
}
