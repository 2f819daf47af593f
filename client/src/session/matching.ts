/** Which open photo a saved image is. */
import type { ProjectImage } from '../shared/types';
import type { ImageId } from './state';

/** An image of an opened project that has no photo yet. */
export interface AwaitedImage {
  readonly saved: ProjectImage;
  /** Counts opened projects: a photo takes at most one image of each. */
  readonly project: number;
  /** Whether no other image of its project has its name and size. */
  readonly isUnique: boolean;
}

/** What tells an open photo from others. */
export interface PhotoIdentity {
  readonly id: ImageId;
  readonly name: string;
  readonly size_hw: readonly [number, number];
  /** SHA-256 of its file, or null when it is not known. */
  readonly digest: string | null;
  /** Of its embedding; null when it has none, undefined when it may still get one. */
  readonly key: string | null | undefined;
  /** Projects that it has taken an image of. */
  readonly taken: ReadonlySet<number>;
}

export interface Match {
  readonly awaited: AwaitedImage;
  readonly photo: ImageId;
}

export function awaitedImages(images: readonly ProjectImage[], project: number): AwaitedImage[] {
  const namesakes = (image: ProjectImage): number =>
    images.filter((other) => isNamesake(image, other)).length;
  return images
    .filter(({ objects, state, note }) => objects.length > 0 || state != null || note != null)
    .map((saved) => ({ saved, project, isUnique: namesakes(saved) === 1 }));
}

/**
 * The first match that is beyond doubt, or null.
 *
 * In this order: the same bytes; the same key of the embedding; and for files that hold no digest the same
 * name and size, when no other saved image and no other open photo has them.
 */
export function findMatch(awaited: readonly AwaitedImage[], photos: readonly PhotoIdentity[]): Match | null {
  for (const rule of [hasSameBytes, hasSameKey, hasSameNameOnly]) {
    for (const image of awaited) {
      const photo = freePhotos(image, photos).find((candidate) => rule(image, candidate, photos));
      if (photo !== undefined) return { awaited: image, photo: photo.id };
    }
  }
  return null;
}

/** Open photos that an image may be, for the user to choose from: those of its size. */
export const candidates = (image: AwaitedImage, photos: readonly PhotoIdentity[]): PhotoIdentity[] =>
  freePhotos(image, photos);

/** The images that wait after a project has been opened, of which those it has itself count only once. */
export function joinAwaited(
  before: readonly AwaitedImage[],
  opened: readonly AwaitedImage[],
): readonly AwaitedImage[] {
  const again = opened.map(({ saved }) => identityOf(saved));
  const rest = before.filter(({ saved }) => {
    const index = again.indexOf(identityOf(saved));
    if (index >= 0) again.splice(index, 1);
    return index < 0;
  });
  return [...rest, ...opened];
}

type Rule = (image: AwaitedImage, photo: PhotoIdentity, photos: readonly PhotoIdentity[]) => boolean;

const hasSameBytes: Rule = ({ saved }, photo) =>
  saved.file_sha256 != null && saved.file_sha256 === photo.digest;

const hasSameKey: Rule = ({ saved }, photo) =>
  saved.file_sha256 == null && saved.key !== null && saved.key === photo.key;

const hasSameNameOnly: Rule = ({ saved, isUnique }, photo, photos) => {
  if (saved.file_sha256 != null || !isUnique || !isNamesake(saved, photo)) return false;
  // A key that is still to come may tell more.
  if (saved.key !== null && photo.key === undefined) return false;
  return photos.filter((other) => isNamesake(saved, other)).length === 1;
};

const freePhotos = ({ saved, project }: AwaitedImage, photos: readonly PhotoIdentity[]): PhotoIdentity[] =>
  photos.filter((photo) => !photo.taken.has(project) && isSameSize(saved, photo));

type Named = Pick<PhotoIdentity, 'name' | 'size_hw'>;

const isNamesake = (a: Named, b: Named): boolean => a.name === b.name && isSameSize(a, b);

const isSameSize = (a: Pick<Named, 'size_hw'>, b: Pick<Named, 'size_hw'>): boolean =>
  a.size_hw[0] === b.size_hw[0] && a.size_hw[1] === b.size_hw[1];

const identityOf = ({ name, size_hw, key, file_sha256 }: ProjectImage): string =>
  JSON.stringify(file_sha256 == null ? [name, size_hw, key] : [file_sha256, size_hw]);
