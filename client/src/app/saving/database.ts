/** Work kept in the browser's own database: what was done, as a project, and the files of the photos. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { ImageId } from '../../session/state';
import type { EmbeddingShelf } from '../photos/keptEmbeddings';
import type { KeptWork } from '../state/kept';
import { openAnswers, type AnswerShelf } from './answerShelf';
import { hasRoom } from './room';
import { openShelf, type Shelf } from './shelf';

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
  /** With its files, and embeddings and answers of photos that no other work has. */
  delete(work: string): Promise<void>;
  /** Hears that the storage holds not all embeddings. */
  onFull(listener: () => void): void;
  /** What prompts were answered; null where that cannot be kept. */
  readonly answers: AnswerShelf | null;
}

const NAME = 'splitseem';
const VERSION = 1;
/** Share of the storage that files may fill. */
const MOST_FILES = 0.9;

interface Schema extends DBSchema {
  works: { key: string; value: KeptWork };
  files: { key: [string, ImageId]; value: Blob };
}

/** Works, and the embeddings of their photos; null where these cannot be kept. */
interface Opened {
  readonly works: Works;
  readonly embeddings: EmbeddingShelf | null;
}

/** Rejects where the browser keeps nothing, as in some private windows. */
export async function openWorks(): Promise<Opened> {
  const database = await openDB<Schema>(NAME, VERSION, {
    upgrade(fresh) {
      fresh.createObjectStore('works', { keyPath: 'id' });
      fresh.createObjectStore('files');
    },
  });
  const embeddings = await openShelf().catch(() => null);
  const answers = await openAnswers().catch(() => null);
  return { works: new Database(database, embeddings, answers), embeddings };
}

class Database implements Works {
  readonly #database: IDBPDatabase<Schema>;

  readonly #embeddings: Shelf | null;
  readonly answers: AnswerShelf | null;

  constructor(database: IDBPDatabase<Schema>, embeddings: Shelf | null, answers: AnswerShelf | null) {
    this.#database = database;
    this.#embeddings = embeddings;
    this.answers = answers;
  }

  async put(work: KeptWork): Promise<void> {
    await this.#database.put('works', work);
  }

  hasRoom(bytes: number): Promise<boolean> {
    return hasRoom(bytes, MOST_FILES);
  }

  async putFile(work: string, image: ImageId, file: Blob): Promise<void> {
    await this.#database.put('files', file, [work, image]);
  }

  async file(work: string, image: ImageId): Promise<Blob | null> {
    return (await this.#database.get('files', [work, image])) ?? null;
  }

  async deleteFile(work: string, image: ImageId): Promise<void> {
    await this.#database.delete('files', [work, image]);
    await this.#forgetOthers();
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
    await this.#forgetOthers();
  }

  onFull(listener: () => void): void {
    if (this.#embeddings !== null) this.#embeddings.onFull = listener;
  }

  /** What is kept of photos that no work has any more. */
  async #forgetOthers(): Promise<void> {
    const photos = (await this.list()).flatMap((work) => work.photos);
    const digests = new Set(photos.flatMap(({ digest }) => digest ?? []));
    await this.#embeddings?.keepOnly(digests);
    await this.answers?.keepOnly(digests);
  }
}
