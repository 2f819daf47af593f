import { askedOf } from '../../bridge/asking';
import type { PendingStep } from '../../session/state';
import type { StepArgs } from '../../shared/messages';
import { counted } from '../../shared/prompt/edits';
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
  return askedOf({ embedded, size, prompts, previous, texts }, decoder.value.info);
}
