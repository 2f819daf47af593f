/**
 * Photos of many bytes may go to the server as the model sees them: resized here by the server's own filter, without
 * loss. The embedding is that of the file but for its key.
 */
import type { Canvases } from '../../api/canvases';
import type { Embed, EmbedOptions } from '../../api/embeddings';
import { decodeWhole } from '../../pixels/decodePhoto';
import { Failure } from '../../shared/errors';
import { channelsOfJpeg } from '../../shared/image/jpegChannels';
import type { SizeHw } from '../../shared/types';

/** Files of fewer bytes are sent as they are. */
const FEW_BYTES = 500_000;
/** How many times longer a photo has to be than what the model sees of it. */
const LEAST_GAIN = 2;
/** Browsers and the server make other colours of four, as in print. */
const CHANNELS: readonly (number | null)[] = [1, 3];

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

const seenOf: See = async (photo, roi, canvas, signal) => {
  if (!CHANNELS.includes(channelsOfJpeg(new Uint8Array(await photo.arrayBuffer())))) return null;
  // Fetched with the first large photo.
  const [{ resampled }, whole] = await Promise.all([import('../../pixels/resampled'), decodeWhole(photo)]);
  try {
    const original = { height: whole.height, width: whole.width };
    if (Math.max(original.height, original.width) <= LEAST_GAIN * canvas) return null;
    const [x, y, width, height] = roi ?? [0, 0, whole.width, whole.height];
    const wanted = inputSize({ height, width }, canvas);
    return { picture: await resampled(whole, { x, y, width, height }, wanted, signal), original };
  } finally {
    whole.close();
  }
};

/** What the model sees of a photo: its longer side as long as the canvas. */
export function inputSize({ height, width }: SizeHw, canvas: number): SizeHw {
  const shorter = (short: number, long: number): number =>
    Math.max(1, Math.trunc((canvas * short) / long + 0.5));
  return height <= width
    ? { height: shorter(height, width), width: canvas }
    : { height: canvas, width: shorter(width, height) };
}
