/**
 * Photos of many bytes may go to the server as the model sees them: resized here by the server's own filter, without
 * loss. The embedding is that of the file but for its key.
 */
import type { Canvases } from '../../api/canvases';
import type { Embed, EmbedOptions } from '../../api/embeddings';
import { Failure } from '../../shared/errors';
import type { SizeHw } from '../../shared/types';

/** Files of fewer bytes are sent as they are. */
const FEW_BYTES = 500_000;

interface Seen {
  readonly picture: Blob;
  readonly original: SizeHw;
}

/** What the model sees of a photo or a part of it; null: it is not worth its making. */
export type See = (
  photo: Blob,
  roi: EmbedOptions['roi'],
  canvas: number,
  signal: AbortSignal,
) => Promise<Seen | null>;

export class SmallerPhotos {
  readonly #embed: Embed;
  readonly #readCanvases: () => Promise<Canvases | null>;
  readonly #see: See;
  #canvases: Promise<Canvases | null> | null = null;
  /** Whether the server, an older one or one with another rule of sizes, takes files alone. */
  #isRefused = false;
  /** All pixels of a photo are much memory: one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(embed: Embed, canvases: () => Promise<Canvases | null>, see: See = seenOf) {
    this.#embed = embed;
    this.#readCanvases = canvases;
    this.#see = see;
  }

  readonly embed: Embed = async (photo, options) => {
    const isWanted = options.isSmaller === true && !this.#isRefused;
    // Of other files browsers and the server may see other pixels.
    if (!isWanted || photo.type !== 'image/jpeg' || photo.size < FEW_BYTES)
      return this.#embed(photo, options);
    options.onProgress({ phase: 'shrink' });
    const seen = await this.#inTurn(() => this.#seen(photo, options));
    if (seen === null || seen.picture.size >= photo.size) return this.#embed(photo, options);
    return this.#sendPicture(photo, seen, options);
  };

  async #sendPicture(photo: Blob, { picture, original }: Seen, options: EmbedOptions): Promise<ArrayBuffer> {
    try {
      return await this.#embed(picture, { ...options, original });
    } catch (error) {
      const isRefusal =
        error instanceof Failure && error.detail.kind === 'http' && error.detail.status === 422;
      if (!isRefusal) throw error;
      this.#isRefused = true;
      return this.#embed(photo, options);
    }
  }

  /** Null also where it cannot be made: the file is sent then. */
  async #inTurn(make: () => Promise<Seen | null>): Promise<Seen | null> {
    const made = this.#last.then(make).catch(() => null);
    this.#last = made;
    return made;
  }

  async #seen(photo: Blob, { canvas = null, roi = null, signal }: EmbedOptions): Promise<Seen | null> {
    signal.throwIfAborted();
    const pixels = canvas ?? (await this.#usualCanvas());
    return pixels === null ? null : this.#see(photo, roi, pixels, signal);
  }

  async #usualCanvas(): Promise<number | null> {
    this.#canvases ??= this.#readCanvases();
    try {
      return (await this.#canvases)?.usual ?? null;
    } catch {
      // Asked again for the next photo.
      this.#canvases = null;
      return null;
    }
  }
}

/** Fetched with the first large photo. */
const seenOf: See = async (...asked) => (await import('./seenByModel')).seenByModel(...asked);
