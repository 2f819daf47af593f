/**
 * Final answers go to the browser's database as they come, so that a reload shows masks without asking for them again.
 * What cannot be kept is answered again; the work itself is kept by `autosave.ts`.
 */
import { computed } from '@preact/signals';
import type { ImageState, ObjectId, Session } from '../../session/state';
import type { Store } from '../state/store';
import type { AnswerShelf, AnswersOf } from './answerShelf';
import { finalAnswers, isKeptAlike, toFresh, type Answered } from './keptAnswers';

type Written = Pick<Answered, 'photo' | 'answers'>;

export class AnswerKeeping {
  readonly #store: Store;
  readonly #shelf: AnswerShelf;
  /** What the database has. */
  readonly #written = new Map<ObjectId, Written>();
  #isStale = false;
  #writing: Promise<void> | null = null;

  constructor(store: Store, shelf: AnswerShelf) {
    this.#store = store;
    this.#shelf = shelf;
  }

  /** Follow the page from now on. */
  start(): void {
    const { session, photos, decoder } = this.#store;
    const images = computed(() => session.value.images);
    const results = computed(() => session.value.results);
    const facts = computed(() => [images.value, results.value, photos.value, decoder.value]);
    facts.subscribe(() => {
      this.#isStale = true;
      this.#writing ??= this.#writeUntilFresh();
    });
  }

  /** These came from the database. */
  know(image: ImageState, photo: string, results: Session['results']): void {
    for (const { id, steps } of image.document.objects) {
      const answers = steps.flatMap((step) => results.get(step.id) ?? []);
      if (answers.length > 0) this.#written.set(id, { photo, answers });
    }
  }

  /** Wait until all answers that are there are kept, or cannot be. */
  async settled(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  /** One write at a time; what happens meanwhile goes into the next. */
  async #writeUntilFresh(): Promise<void> {
    // Signals are read where no effect follows them, and after all changes of one action.
    await Promise.resolve();
    while (this.#isStale) {
      this.#isStale = false;
      await this.#write().catch(() => undefined);
    }
    this.#writing = null;
  }

  async #write(): Promise<void> {
    const { decoder } = this.#store;
    if (decoder.value.phase !== 'ready') return;
    const model = decoder.value.info.fingerprint;
    const fresh = this.#answered().filter((one) => !isSame(one, this.#written.get(one.object.id)));
    const gone = this.#takeGone();
    if (gone.length > 0) await this.#shelf.delete(gone);
    if (fresh.length === 0) return;
    await this.#shelf.put(fresh.map((one) => toFresh(one, model, this.#writtenOf(one))));
    for (const { object, photo, answers } of fresh) this.#written.set(object.id, { photo, answers });
  }

  /** The answers of an object that the database has under the photo that it is on. */
  #writtenOf({ object, photo }: Answered): Written['answers'] {
    const written = this.#written.get(object.id);
    return written?.photo === photo ? written.answers : [];
  }

  /** Objects whose answers are all there. */
  #answered(): readonly Answered[] {
    const { session, photos } = this.#store;
    return session.value.images.flatMap((image) => {
      const photo = photos.value.get(image.id)?.photo.digest;
      if (photo === undefined) return [];
      return image.document.objects.flatMap((object) => {
        const answers = finalAnswers(session.value, object);
        return answers === null ? [] : [{ photo, image, object, answers }];
      });
    });
  }

  /** Those of objects that the session has no more. */
  #takeGone(): readonly AnswersOf[] {
    const objects = this.#store.session.value.images.flatMap(({ document }) => document.objects);
    const there = new Set(objects.map(({ id }) => id));
    const gone = [...this.#written].filter(([id]) => !there.has(id));
    for (const [id] of gone) this.#written.delete(id);
    return gone.map(([id, { photo }]) => [photo, id]);
  }
}

const isSame = (one: Written, other: Written | undefined): boolean =>
  one.photo === other?.photo &&
  one.answers.length === other.answers.length &&
  one.answers.every((answer, index) => isKeptAlike(answer, other.answers[index]));
