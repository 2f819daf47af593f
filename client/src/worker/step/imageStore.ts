/** The images that the worker holds: where their embeddings are, and what was prepared of the recent ones. */
import { unpackEmbedding } from '../../codec/unpack';
import { aborted, Failure, unwrap } from '../../shared/errors';
import type { Manifest } from '../../shared/model/manifest';
import type { Embedding } from '../../shared/types';
import { Arrivals, type Early } from './arrivals';
import type { Decoder } from './decoder';
import { bytesOf, type PreparedImage } from './preparedImage';
import { preparing } from './preparing';
import type { Turns } from '../runtime/turns';

/** Bytes of prepared images that are kept; the one used last always is. */
const MOST_BYTES = 256e6;

interface HeldImage {
  /** The embedding as it came, a small part of what is prepared of it, or where it is read again. */
  message: Uint8Array | Blob;
  /** What can be stepped now; null before the first draft, and again when others needed the space. */
  image: PreparedImage | null;
  /**
   * Settles with the first draft when the image is opened, with the whole image when it is prepared again; with nothing,
   * since what it settles with is held as long as the image.
   */
  usable: Promise<void>;
  /** Steps that wait for that. */
  waiting: number;
  isPreparing: boolean;
  isClosed: boolean;
}

/** What an embedding was, and how long preparing it kept the worker busy at a time. */
export interface Opened {
  readonly embedding: Embedding;
  readonly longestSliceMilliseconds: number;
}

interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Where the embedding is read again; without it, it is kept. */
  readonly source?: Blob | undefined;
}

interface Events {
  readonly onDraft?: () => void;
  readonly isStale?: () => boolean;
  readonly early?: (embedding: Embedding) => Promise<Early | null>;
}

export class ImageStore {
  readonly #turns: Turns;
  readonly #mostBytes: number;
  readonly #arrivals: Arrivals;
  /** The one used last is last. */
  readonly #held = new Map<string, HeldImage>();

  constructor(turns: Turns, mostBytes = MOST_BYTES) {
    this.#turns = turns;
    this.#mostBytes = mostBytes;
    this.#arrivals = new Arrivals(turns);
  }

  /** Bytes of an image that will be opened, in their order; those at 0 start again. */
  receive(decoder: Decoder, id: string, bytes: Uint8Array, at: number): void {
    this.#arrivals.receive(decoder, id, bytes, at);
  }

  /** Prepare an image, in slices; it can be used from its first draft on. */
  async open(
    decoder: Decoder,
    id: string,
    message: Uint8Array,
    { signal, source }: OpenOptions = {},
  ): Promise<Opened> {
    this.#forget(id);
    let onDraft = (): void => undefined;
    const drafted = new Promise<void>((resolve) => {
      onDraft = resolve;
    });
    const held: HeldImage = {
      message,
      image: null,
      usable: drafted,
      waiting: 0,
      isPreparing: true,
      isClosed: false,
    };
    const opened = this.#prepare(decoder, held, {
      onDraft,
      isStale: () => signal?.aborted === true,
      early: (embedding) => this.#arrivals.take(id, embedding, message.length),
    });
    // The work has begun with the bytes, and only others need them again.
    if (source !== undefined) held.message = source;
    held.usable = Promise.race([drafted, opened.then(() => undefined)]);
    held.usable.catch(() => undefined); // Perhaps no step waits for it.
    this.#held.set(id, held);
    try {
      return await opened;
    } catch (error) {
      if (this.#held.get(id) === held) this.close(id);
      throw error;
    }
  }

  /** The image, or a draft of it while it is opened; what had to make room is prepared again. */
  async use(decoder: Decoder, id: string): Promise<PreparedImage> {
    const held = this.#held.get(id);
    if (held === undefined) {
      throw new Failure({ kind: 'decoder', message: `image ${id} has not been opened` });
    }
    this.#held.delete(id);
    this.#held.set(id, held);
    if (held.image === null && !held.isPreparing)
      held.usable = this.#prepare(decoder, held, {}).then(() => undefined);
    held.waiting++;
    await held.usable.finally(() => held.waiting--);
    this.#makeRoom();
    // Others may have needed the space in between.
    return held.image ?? this.use(decoder, id);
  }

  /** Read an image again from here when that is needed; its bytes are the same. */
  reread(id: string, source: Blob): void {
    const held = this.#held.get(id);
    if (held !== undefined) held.message = source;
  }

  close(id: string): void {
    this.#arrivals.drop(id);
    this.#forget(id);
  }

  #forget(id: string): void {
    const held = this.#held.get(id);
    if (held !== undefined) held.isClosed = true;
    this.#held.delete(id);
  }

  async #prepare(decoder: Decoder, held: HeldImage, events: Events): Promise<Opened> {
    held.isPreparing = true;
    try {
      return await this.#prepareInSlices(decoder, held, events);
    } catch (error) {
      held.image = null;
      throw error;
    } finally {
      held.isPreparing = false;
    }
  }

  async #prepareInSlices(decoder: Decoder, held: HeldImage, events: Events): Promise<Opened> {
    const { onDraft, isStale } = events;
    let longestSliceMilliseconds = 0;
    const slice = async <T>(work: () => Promise<T>): Promise<T> =>
      this.#turns.slice(async () => {
        const started = performance.now();
        const value = await work();
        longestSliceMilliseconds = Math.max(longestSliceMilliseconds, performance.now() - started);
        return value;
      });
    const { message } = held;
    const bytes = message instanceof Blob ? await bytesIn(message) : message;
    const embedding = await slice(async () => read(bytes, decoder.manifest));
    // Who waits for an image that is prepared again is not asked again, and gets the whole one.
    const isAwaited = (): boolean => onDraft !== undefined && held.waiting > 0;
    const early = (await events.early?.(embedding)) ?? null;
    const slices = preparing(decoder, embedding, { isAwaited, early });
    for (;;) {
      if (held.isClosed || isStale?.() === true) throw new Failure(aborted());
      const { value, done } = await slice(() => slices.next());
      if (value !== null) {
        held.image = value;
        onDraft?.();
      }
      if (done === true) break;
    }
    this.#makeRoom();
    return { embedding, longestSliceMilliseconds };
  }

  /** Forget what was prepared of the images that were not used for longest; their embeddings stay. */
  #makeRoom(): void {
    let bytes = 0;
    [...this.#held.values()].reverse().forEach((held, recency) => {
      if (held.image === null) return;
      bytes += bytesOf(held.image);
      if (recency > 0 && bytes > this.#mostBytes && held.image.isComplete) held.image = null;
    });
  }
}

/** What lies on disk may have been taken away, with all that the browser keeps of the page. */
async function bytesIn(source: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await source.arrayBuffer());
  } catch (cause) {
    const message = 'what was kept of the embedding cannot be read';
    throw new Failure({ kind: 'decoder', what: 'embedding-lost', message }, { cause });
  }
}

async function read(message: Uint8Array, manifest: Manifest): Promise<Embedding> {
  const embedding = unwrap(unpackEmbedding(message));
  checkMatch(embedding, manifest);
  return Promise.resolve(embedding);
}

/** An embedding of another model decodes to nonsense without an error; it is refused. */
function checkMatch(embedding: Embedding, manifest: Manifest): void {
  if (embedding.fingerprint === manifest.fingerprint) return;
  const names = { embedding: embedding.fingerprint, decoder: manifest.fingerprint };
  throw new Failure({
    kind: 'fingerprint',
    message:
      `embedding made by model ${names.embedding}, decoder exported from ${names.decoder}: ` +
      'export the decoder again, then reload the page',
    ...names,
  });
}
