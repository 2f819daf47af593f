/**
 * Answers of kept work, in a database of their own beside the works: pages of other versions open these all the same.
 * They can be had again from the prompts, and leave room for what cannot. Each is a record of its own, so that an object of
 * many prompts is not written again with every one.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { ObjectId } from '../../session/state';
import type { FreshAnswers, KeptStep } from './keptAnswers';
import { hasRoom } from './room';

/** Whose answers they are: the photo, by the SHA-256 of its file, and the object. */
export type AnswersOf = [photo: string, object: ObjectId];

/** What the keeping of answers needs of a database. */
export interface AnswerShelf {
  /** Of the objects of a photo, as `KeptAnswers`; they may be damaged. */
  ofPhoto(digest: string): Promise<readonly unknown[]>;
  /** Beside those that their objects had; all of them, or none where it rejects. */
  put(answers: readonly FreshAnswers[]): Promise<void>;
  delete(objects: readonly AnswersOf[]): Promise<void>;
  /** Let go of answers on all other photos. */
  keepOnly(photos: ReadonlySet<string>): Promise<void>;
}

const NAME = 'splitseem-answers-by-prompt';
/** Share of the storage: less than files of photos may fill. */
const MOST_SHARE = 0.85;

type Whose = Omit<FreshAnswers, 'fresh'>;

interface Schema extends DBSchema {
  objects: { key: AnswersOf; value: Whose };
  steps: { key: [...AnswersOf, place: number]; value: KeptStep };
}

/** Rejects where the browser keeps nothing. */
export async function openAnswers(): Promise<AnswerShelf> {
  const database = await openDB<Schema>(NAME, 1, {
    upgrade(fresh) {
      fresh.createObjectStore('objects', { keyPath: ['photo', 'object'] });
      fresh.createObjectStore('steps');
    },
  });
  return new Answers(database);
}

class Answers implements AnswerShelf {
  readonly #database: IDBPDatabase<Schema>;

  constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  async ofPhoto(digest: string): Promise<readonly unknown[]> {
    const transaction = this.#database.transaction(['objects', 'steps']);
    const steps = transaction.objectStore('steps');
    const range = below([digest]);
    const [objects, keys, values] = await Promise.all([
      transaction.objectStore('objects').getAll(range),
      steps.getAllKeys(range),
      steps.getAll(range),
    ]);
    const found = new Map(keys.map(([, object, place], index) => [`${place} ${object}`, values[index]]));
    return objects.map(({ count, ...whose }) => ({
      ...whose,
      steps: Array.from({ length: count }, (_, place) => found.get(`${place} ${whose.object}`)),
    }));
  }

  async put(answers: readonly FreshAnswers[]): Promise<void> {
    if (!(await hasRoom(bytesOf(answers), MOST_SHARE))) throw new DOMException('', 'QuotaExceededError');
    const transaction = this.#database.transaction(['objects', 'steps'], 'readwrite');
    const steps = transaction.objectStore('steps');
    const written = answers.flatMap(({ fresh, ...whose }) => {
      const { photo, object, count } = whose;
      return [
        transaction.objectStore('objects').put(whose),
        ...[...fresh].map(([place, step]) => steps.put(step, [photo, object, place])),
        steps.delete(IDBKeyRange.bound([photo, object, count], [photo, object, []])),
      ];
    });
    await Promise.all([...written, transaction.done]);
  }

  async delete(objects: readonly AnswersOf[]): Promise<void> {
    const transaction = this.#database.transaction(['objects', 'steps'], 'readwrite');
    const deleted = objects.flatMap((key) => [
      transaction.objectStore('objects').delete(key),
      transaction.objectStore('steps').delete(below(key)),
    ]);
    await Promise.all([...deleted, transaction.done]);
  }

  async keepOnly(photos: ReadonlySet<string>): Promise<void> {
    const keys = await this.#database.getAllKeys('objects');
    await this.delete(keys.filter(([photo]) => !photos.has(photo)));
  }
}

/** All keys that begin so. */
const below = (start: readonly string[]): IDBKeyRange => IDBKeyRange.bound(start, [...start, []]);

const bytesOf = (answers: readonly FreshAnswers[]): number =>
  answers
    .flatMap(({ fresh }) => [...fresh.values()])
    .reduce((sum, { counts, classEmbed }) => sum + counts.byteLength + classEmbed.byteLength, 0);
