/** Work kept in the browser's own database: what was done, as a project, and the files of the photos. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { ImageId } from '../../session/state';
import type { KeptWork } from '../state/kept';

/** What the saving of work needs of a database. */
export interface Works {
  put(work: KeptWork): Promise<void>;
  /** Whether a file of this size leaves room for the prompts to come: a file can be opened again, prompts cannot. */
  hasRoom(bytes: number): Promise<boolean>;
  putFile(work: string, image: ImageId, file: Blob): Promise<void>;
  /** Null where it could not be kept. */
  file(work: string, image: ImageId): Promise<Blob | null>;
  deleteFile(work: string, image: ImageId): Promise<void>;
  /** The latest first. */
  list(): Promise<readonly KeptWork[]>;
  /** With its files. */
  delete(work: string): Promise<void>;
}

const NAME = 'splitseem';
const VERSION = 1;
/** Share of the storage that files may fill. */
const MOST_FILES = 0.9;

interface Schema extends DBSchema {
  works: { key: string; value: KeptWork };
  files: { key: [string, ImageId]; value: Blob };
}

/** Rejects where the browser keeps nothing, as in some private windows. */
export async function openWorks(): Promise<Works> {
  return new Database(
    await openDB<Schema>(NAME, VERSION, {
      upgrade(database) {
        database.createObjectStore('works', { keyPath: 'id' });
        database.createObjectStore('files');
      },
    }),
  );
}

class Database implements Works {
  readonly #database: IDBPDatabase<Schema>;

  constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  async put(work: KeptWork): Promise<void> {
    await this.#database.put('works', work);
  }

  async hasRoom(bytes: number): Promise<boolean> {
    // Missing on pages without a secure context, whatever its type says.
    const storage = (navigator as Partial<Navigator>).storage;
    const { usage = 0, quota = Infinity } = (await storage?.estimate()) ?? {};
    return usage + bytes <= MOST_FILES * quota;
  }

  async putFile(work: string, image: ImageId, file: Blob): Promise<void> {
    await this.#database.put('files', file, [work, image]);
  }

  async file(work: string, image: ImageId): Promise<Blob | null> {
    return (await this.#database.get('files', [work, image])) ?? null;
  }

  async deleteFile(work: string, image: ImageId): Promise<void> {
    await this.#database.delete('files', [work, image]);
  }

  async list(): Promise<readonly KeptWork[]> {
    const works = await this.#database.getAll('works');
    return works.toSorted((a, b) => b.savedAt - a.savedAt);
  }

  async delete(work: string): Promise<void> {
    const transaction = this.#database.transaction(['works', 'files'], 'readwrite');
    await Promise.all([
      transaction.objectStore('works').delete(work),
      transaction.objectStore('files').delete(IDBKeyRange.bound([work], [work, []])),
      transaction.done,
    ]);
  }
}
