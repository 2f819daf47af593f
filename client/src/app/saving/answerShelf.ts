/**
 * Answers of kept work, in a database of their own beside the works: pages of other versions open these all the same.
 * They can be had again from the prompts, and leave room for what cannot.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { ObjectId } from '../../session/state';
import type { KeptAnswers } from './keptAnswers';
import { hasRoom } from './room';

/** Whose answers they are: the photo, by the SHA-256 of its file, and the object. */
export type AnswersOf = [photo: string, object: ObjectId];

/** What the keeping of answers needs of a database. */
export interface AnswerShelf {
  /** Of the objects of a photo; they may be damaged. */
  ofPhoto(digest: string): Promise<readonly unknown[]>;
  /** Each in the place of the one that its object had. */
  put(answers: readonly KeptAnswers[]): Promise<void>;
  delete(objects: readonly AnswersOf[]): Promise<void>;
  /** Let go of answers on all other photos. */
  keepOnly(photos: ReadonlySet<string>): Promise<void>;
}

const NAME = 'splitseem-answers';
/** Share of the storage: less than files of photos may fill. */
const MOST_SHARE = 0.85;

interface Schema extends DBSchema {
  answers: { key: AnswersOf; value: KeptAnswers };
}

/** Rejects where the browser keeps nothing. */
export async function openAnswers(): Promise<AnswerShelf> {
  const database = await openDB<Schema>(NAME, 1, {
    upgrade(fresh) {
      fresh.createObjectStore('answers', { keyPath: ['photo', 'object'] });
    },
  });
  return new Answers(database);
}

class Answers implements AnswerShelf {
  readonly #database: IDBPDatabase<Schema>;

  constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  ofPhoto(digest: string): Promise<readonly unknown[]> {
    return this.#database.getAll('answers', IDBKeyRange.bound([digest], [digest, []]));
  }

  async put(answers: readonly KeptAnswers[]): Promise<void> {
    if (!(await hasRoom(bytesOf(answers), MOST_SHARE))) return;
    const transaction = this.#database.transaction('answers', 'readwrite');
    await Promise.all([...answers.map((one) => transaction.store.put(one)), transaction.done]);
  }

  async delete(objects: readonly AnswersOf[]): Promise<void> {
    const transaction = this.#database.transaction('answers', 'readwrite');
    await Promise.all([...objects.map((key) => transaction.store.delete(key)), transaction.done]);
  }

  async keepOnly(photos: ReadonlySet<string>): Promise<void> {
    const keys = await this.#database.getAllKeys('answers');
    await this.delete(keys.filter(([photo]) => !photos.has(photo)));
  }
}

const bytesOf = (answers: readonly KeptAnswers[]): number =>
  answers
    .flatMap(({ steps }) => steps)
    .reduce((sum, { counts, classEmbed }) => sum + counts.byteLength + classEmbed.byteLength, 0);
