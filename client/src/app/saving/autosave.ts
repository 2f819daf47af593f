/** Every change goes to the browser's database as it happens, so that a reload or a crash loses nothing. */
import { computed, effect } from '@preact/signals';
import { toProject } from '../../session/project';
import type { AwaitedImage } from '../../session/matching';
import { activeImageOf, EMPTY_SESSION, type ImageId, type Session } from '../../session/state';
import type { ClientError } from '../../shared/errors';
import type { FailureName } from '../../shared/failures';
import type { KeptWork, Saved } from '../state/kept';
import type { Photo } from '../photos/photo';
import type { OpenPhoto, Store } from '../state/store';
import type { Works } from './database';

/** All that what is kept follows from. */
interface Facts extends Pick<Session, 'images' | 'activeImage' | 'classList'> {
  readonly photos: ReadonlyMap<ImageId, OpenPhoto>;
  readonly awaited: readonly AwaitedImage[];
}

export class Autosave {
  readonly #store: Store;
  readonly #works: Works;
  readonly #id: string;
  readonly #now: () => number;
  /** Images whose file the database has. */
  readonly #files = new Set<ImageId>();
  /** Images whose file it could not take; they are not tried again. */
  readonly #refused = new Map<ImageId, ClientError>();
  #written = '';
  #latest: Facts | null = null;
  #writing: Promise<void> | null = null;

  constructor(store: Store, works: Works, id: string, now: () => number) {
    this.#store = store;
    this.#works = works;
    this.#id = id;
    this.#now = now;
  }

  /** Follow the page from now on. */
  start(): void {
    const { session, photos, awaited } = this.#store;
    const images = computed(() => session.value.images);
    const activeImage = computed(() => session.value.activeImage);
    const classList = computed(() => session.value.classList);
    effect(() => {
      // Answers change nothing here: masks follow from the prompts.
      this.#latest = {
        images: images.value,
        activeImage: activeImage.value,
        classList: classList.value,
        photos: photos.value,
        awaited: awaited.value,
      };
      this.#writing ??= this.#writeUntilFresh();
    });
  }

  /** Wait until all that has been done is saved, or cannot be. */
  async settled(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  /** One write at a time; what happens meanwhile goes into the next. */
  async #writeUntilFresh(): Promise<void> {
    // Signals are read where no effect follows them, and after all changes of one action.
    await Promise.resolve();
    let seen: Facts | null = null;
    while (this.#latest !== null && this.#latest !== seen) {
      seen = this.#latest;
      try {
        await this.#write(seen);
      } catch (thrown) {
        this.#say({ phase: 'failed', error: troubleOf(thrown, 'storage-failed') });
      }
    }
    this.#writing = null;
  }

  async #write(facts: Facts): Promise<void> {
    const work = workOf(facts, this.#id, this.#now());
    const text = work.project + JSON.stringify([work.photos, work.shown]);
    const open = new Map(work.photos.map(({ image }) => [image, facts.photos.get(image)?.photo]));
    const gone = [...this.#files].filter((image) => !open.has(image));
    const come = [...open].filter(([image]) => !this.#files.has(image) && !this.#refused.has(image));
    const files = come.flatMap(([image, photo]) => (photo === undefined ? [] : [{ image, photo }]));
    if (text === this.#written && gone.length === 0 && files.length === 0) return;
    if (open.size === 0 && facts.awaited.length === 0) {
      await this.#forget();
    } else {
      this.#say({ phase: 'saving' });
      await this.#works.put(work);
      for (const { image, photo } of files) await this.#keepFile(image, photo);
      for (const image of gone) await this.#deleteFile(image);
      const error = [...open.keys()].map((image) => this.#refused.get(image)).find(Boolean);
      this.#say(error === undefined ? { phase: 'saved' } : { phase: 'failed', error });
    }
    this.#written = text;
  }

  async #keepFile(image: ImageId, photo: Photo): Promise<void> {
    try {
      if (!(await this.#works.hasRoom(photo.file.size))) throw new DOMException('', QUOTA_EXCEEDED);
      await this.#works.putFile(this.#id, image, photo.file);
      this.#files.add(image);
    } catch (thrown) {
      this.#refused.set(image, { ...troubleOf(thrown, 'photo-not-kept'), about: photo.name });
    }
  }

  async #deleteFile(image: ImageId): Promise<void> {
    await this.#works.deleteFile(this.#id, image);
    this.#files.delete(image);
  }

  async #forget(): Promise<void> {
    await this.#works.delete(this.#id);
    this.#files.clear();
    this.#say({ phase: 'nothing' });
  }

  #say(saved: Saved): void {
    this.#store.saved.value = saved;
  }
}

const QUOTA_EXCEEDED = 'QuotaExceededError';

function workOf({ photos, awaited, ...facts }: Facts, id: string, savedAt: number): KeptWork {
  const session: Session = { ...EMPTY_SESSION, ...facts };
  const digestOf = (image: ImageId): string | null => photos.get(image)?.photo.digest ?? null;
  const project = toProject(session, { keyOf: () => null, digestOf, timingsOf: () => ({}) });
  const images = [...project.images, ...awaited.map(({ saved }) => saved)];
  return {
    id,
    savedAt,
    project: JSON.stringify({ ...project, images }),
    photos: session.images.map((image) => ({
      image: image.id,
      name: image.name,
      digest: digestOf(image.id),
    })),
    objects: images.reduce((sum, { objects }) => sum + objects.length, 0),
    shown: { image: session.activeImage, object: activeImageOf(session)?.document.activeObject ?? null },
  };
}

export const troubleOf = (thrown: unknown, usual: FailureName): ClientError => ({
  kind: 'project',
  what: thrown instanceof DOMException && thrown.name === QUOTA_EXCEEDED ? 'storage-full' : usual,
  message: String(thrown),
});
