import type { PendingStep } from '../../session/state';
import type { StepArgs } from '../../shared/messages';
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
  const texts = lookup.vectorsOf(prompts);
  if (size === undefined || texts === null || decoder.value.phase !== 'ready') return null;
  const points = promptPoints(prompts, wholeImage(size), decoder.value.info);
  return { imageId, points, texts, prompts, memory: previous?.maskLogits ?? null };
}
