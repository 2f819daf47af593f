/** Opened projects: each of their images goes to the photo that it is. */
import {
  awaitedImages,
  candidates,
  findMatch,
  joinAwaited,
  type AwaitedImage,
  type PhotoIdentity,
} from '../../session/matching';
import { imageOf, type ImageId, type Reopening, type Session } from '../../session/state';
import { restoreObjects } from '../../session/transitions';
import type { Project } from '../../shared/types';
import type { Readiness, Store } from './store';
import * as say from '../wording/page';

interface Given {
  readonly image: AwaitedImage;
  readonly index: number;
}

export class Projects {
  readonly #store: Store;
  readonly #now: () => number;
  /** Projects that a photo has taken an image of. */
  readonly #taken = new Map<ImageId, Set<number>>();
  /** What photos took since their closing was undone, with its place among what waited. */
  readonly #sinceReopened = new WeakMap<Reopening, readonly Given[]>();
  #opened = 0;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  open(project: Project): void {
    const { awaited } = this.#store;
    awaited.value = joinAwaited(awaited.value, awaitedImages(project.images, ++this.#opened));
    this.restore();
  }

  /** Give all images that wait to the photos that they are without doubt. */
  restore(): void {
    const { awaited } = this.#store;
    const notices: string[] = [];
    for (;;) {
      const match = findMatch(awaited.value, this.#photos());
      if (match === null) break;
      notices.push(this.#give(match.awaited, match.photo));
    }
    if (notices.length > 0) this.#store.notice.value = notices.join('. ');
  }

  /** Give an image that waits to the photo that the user says it is. */
  assign(image: AwaitedImage, photo: ImageId): void {
    this.#store.notice.value = this.#give(image, photo);
    this.restore();
  }

  /** When redo closed a photo once more, what the photo took since it was back waits again. */
  followRedo(before: Session): void {
    const { awaited, session } = this.#store;
    const reopening = before.reopened.at(-1);
    if (reopening === undefined || imageOf(session.value, reopening.id) !== null) return;
    const given = this.#sinceReopened.get(reopening) ?? [];
    for (const { image, index } of given.toReversed()) {
      this.#taken.get(reopening.id)?.delete(image.project);
      awaited.value = awaited.value.toSpliced(index, 0, image);
    }
  }

  /** Open photos that an image may be. */
  candidates(image: AwaitedImage): readonly PhotoIdentity[] {
    return candidates(image, this.#photos());
  }

  /** What was done, in words. */
  #give(image: AwaitedImage, photo: ImageId): string {
    const { awaited, session } = this.#store;
    const { saved, project } = image;
    this.#noteIfReopened(image, photo);
    awaited.value = awaited.value.filter((other) => other !== image);
    this.#taken.set(photo, new Set(this.#taken.get(photo)).add(project));
    const before = session.value;
    session.value = restoreObjects(before, photo, saved.objects, this.#now(), saved);
    const name = imageOf(session.value, photo)?.name ?? saved.name;
    if (session.value === before) return say.hasAllOfProject(name);
    const count = saved.objects.length;
    return say.restored(count, name);
  }

  #noteIfReopened(image: AwaitedImage, photo: ImageId): void {
    const { awaited, session } = this.#store;
    const reopening = session.value.reopened.findLast(({ id }) => id === photo);
    if (reopening === undefined) return;
    const given = { image, index: awaited.value.indexOf(image) };
    this.#sinceReopened.set(reopening, [...(this.#sinceReopened.get(reopening) ?? []), given]);
  }

  #photos(): readonly PhotoIdentity[] {
    const { session, photos } = this.#store;
    return session.value.images.flatMap(({ id, name, size }) => {
      const open = photos.value.get(id);
      if (open === undefined) return [];
      const identity = { digest: open.photo.digest ?? null, key: keyOf(open.readiness) };
      const taken = this.#taken.get(id) ?? new Set<number>();
      return [{ id, name, size_hw: [size.height, size.width] as const, taken, ...identity }];
    });
  }
}

function keyOf(readiness: Readiness): string | null | undefined {
  if (readiness.phase === 'ready') return readiness.key;
  return readiness.phase === 'failed' ? null : undefined;
}
