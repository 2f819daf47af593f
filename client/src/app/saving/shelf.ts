/**
 * Embeddings of kept work, in a database of their own, so that it opens again without the server. They can be had again,
 * and make room for what cannot: those that were used longest ago go first.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { EmbeddingName, EmbeddingShelf } from '../photos/keptEmbeddings';
import { hasRoom } from './room';

const DATABASE = 'splitseem-embeddings';
/** Bytes: over a thousand photos of the bundled model, of which each takes 0.36 MB. */
const MOST_BYTES = 500e6;
/** Share of the storage: less than files of photos may fill. */
const MOST_SHARE = 0.8;

interface Entry extends EmbeddingName {
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
}

interface Schema extends DBSchema {
  entries: { key: string; value: Entry };
  bytes: { key: string; value: Blob };
}

export class Shelf implements EmbeddingShelf {
  readonly #database: IDBPDatabase<Schema>;
  readonly #mostBytes: number;
  /** One at a time: each has to know how much there is. */
  #keeping: Promise<unknown> = Promise.resolve();
  /** Hears that not all embeddings are kept. */
  onFull: () => void = () => undefined;

  constructor(database: IDBPDatabase<Schema>, mostBytes: number) {
    this.#database = database;
    this.#mostBytes = mostBytes;
  }

  async find({ name }: EmbeddingName): Promise<Blob | null> {
    const transaction = this.#database.transaction(['entries', 'bytes'], 'readwrite');
    const entries = transaction.objectStore('entries');
    const [entry, blob] = await Promise.all([entries.get(name), transaction.objectStore('bytes').get(name)]);
    if (entry === undefined || blob?.size !== entry.bytes) return null;
    await entries.put({ ...entry, usedAt: Date.now() }, name);
    return blob;
  }

  keep(name: EmbeddingName, bytes: Blob): Promise<Blob | null> {
    const kept = this.#keeping.then(() => this.#keep(name, bytes));
    this.#keeping = kept.catch(() => undefined);
    return kept;
  }

  /** Let go of embeddings of all other files. */
  async keepOnly(digests: ReadonlySet<string>): Promise<void> {
    const entries = await this.#database.getAll('entries');
    for (const entry of entries) if (!digests.has(entry.digest)) await this.#delete(entry);
  }

  async #keep({ name, digest }: EmbeddingName, blob: Blob): Promise<Blob | null> {
    const bytes = blob.size;
    await this.#makeRoom(name, bytes);
    if (bytes > this.#mostBytes || !(await hasRoom(bytes, MOST_SHARE))) {
      this.onFull();
      return null;
    }
    try {
      const transaction = this.#database.transaction(['entries', 'bytes'], 'readwrite');
      await Promise.all([
        transaction.objectStore('entries').put({ name, digest, bytes, usedAt: Date.now() }, name),
        transaction.objectStore('bytes').put(blob, name),
        transaction.done,
      ]);
      return (await this.#database.get('bytes', name)) ?? null;
    } catch {
      this.onFull();
      return null;
    }
  }

  async #makeRoom(name: string, bytes: number): Promise<void> {
    const entries = (await this.#database.getAll('entries')).filter((entry) => entry.name !== name);
    const oldFirst = entries.toSorted((a, b) => a.usedAt - b.usedAt);
    let total = entries.reduce((sum, entry) => sum + entry.bytes, bytes);
    for (const entry of oldFirst) {
      if (total <= this.#mostBytes && (await hasRoom(bytes, MOST_SHARE))) return;
      await this.#delete(entry);
      total -= entry.bytes;
      this.onFull();
    }
  }

  async #delete({ name }: Entry): Promise<void> {
    const transaction = this.#database.transaction(['entries', 'bytes'], 'readwrite');
    await Promise.all([
      transaction.objectStore('entries').delete(name),
      transaction.objectStore('bytes').delete(name),
      transaction.done,
    ]);
  }
}

/** Rejects where the browser keeps nothing. */
export async function openShelf(mostBytes = MOST_BYTES): Promise<Shelf> {
  const database = await openDB<Schema>(DATABASE, 1, {
    upgrade(fresh) {
      fresh.createObjectStore('entries');
      fresh.createObjectStore('bytes');
    },
  });
  return new Shelf(database, mostBytes);
}
