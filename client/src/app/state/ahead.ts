/** Which photos are needed now or soon, of hundreds that may be open. */
import type { AwaitedImage } from '../../session/matching';
import type { ImageId, ImageState, Session } from '../../session/state';

/** Photos that are made ready after the one on screen. */
const AHEAD = 2;

/** The photo on screen and those after it, in their order. */
export function nearPhotos({
  images,
  activeImage,
}: Pick<Session, 'images' | 'activeImage'>): readonly ImageId[] {
  const index = images.findIndex(({ id }) => id === activeImage);
  return index < 0 ? [] : images.slice(index, index + 1 + AHEAD).map(({ id }) => id);
}

/**
 * Photos that need an embedding: the near ones, then those with prompts that are not answered.
 *
 * All, while a saved image waits that only the key of an embedding may tell.
 */
export function wantedPhotos(session: Session, awaited: readonly AwaitedImage[]): readonly ImageId[] {
  const needsKeys = awaited.some(({ saved }) => saved.file_sha256 == null && saved.key !== null);
  const isWanted = ({ document }: ImageState): boolean =>
    needsKeys || document.objects.some(({ steps }) => steps.some(({ id }) => !session.results.has(id)));
  return [...new Set([...nearPhotos(session), ...session.images.filter(isWanted).map(({ id }) => id)])];
}
