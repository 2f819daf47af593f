/**
 * Embeds photos and gives their embeddings to the decoder: those that the user sees first, then those that come next.
 */
import { effect, untracked } from '@preact/signals';
import type { Embed } from '../../api/embeddings';
import type { DecoderBridge } from '../../bridge/decoder';
import { checkSize } from '../../pixels/decodePhoto';
import { imageOf, type ImageId } from '../../session/state';
import { aborted, toClientError, type ClientError } from '../../shared/errors';
import { EmbedQueue } from '../photos/embedQueue';
import type { Photo } from '../photos/photo';
import { wantedPhotos } from '../state/ahead';
import type { Readiness, Store } from '../state/store';

interface Services {
  readonly embed: Embed;
  readonly decoder: DecoderBridge;
  readonly now: () => number;
}

interface Events {
  /** Settles when the decoder is ready or cannot be. */
  readonly loaded: () => Promise<void>;
  /** Steps may be possible now that were not before. */
  readonly onArrival: () => void;
  /** An image is known by its key, or will not be. */
  readonly onSettled: () => void;
  readonly onError: (error: ClientError) => void;
}

/** Of a photo that has just come. */
export const BEGUN: Readiness = { phase: 'embedding', progress: { phase: 'upload', fraction: 0 } };

/** Photos in the background that are embedded at the same time; the server makes one after the other anyway. */
const BACKGROUND_PHOTOS = 2;

export class PhotoEmbedding {
  readonly #store: Store;
  readonly #services: Services;
  readonly #events: Events;
  readonly #running = new Map<ImageId, AbortController>();
  readonly #queue = new EmbedQueue(BACKGROUND_PHOTOS);
  /** As they came, for a decoder that has to begin again; on disk where the browser keeps them. */
  readonly #embeddings = new Map<ImageId, Blob>();

  constructor(store: Store, services: Services, events: Events) {
    this.#store = store;
    this.#services = services;
    this.#events = events;
    effect(() => {
      const wanted = wantedPhotos(store.session.value, store.awaited.value);
      untracked(() => this.#queue.want(wanted));
    });
  }

  /** Embed a photo when its turn comes; `isFresh`: the cache of the server, which decodes, has lost it. */
  add(id: ImageId, photo: Photo, isFresh = false): void {
    this.#queue.add(id, () => this.#embed(id, photo, isFresh));
  }

  /** It is wanted on another canvas; or, `isFresh`, lost, as above. */
  sendAgain(id: ImageId, isFresh = false): void {
    this.#embeddings.delete(id);
    // One that is read again after it was closed is sent then.
    const photo = this.#store.photos.value.get(id)?.photo;
    if (photo === undefined) return;
    this.#running.get(id)?.abort();
    this.#setReadiness(id, BEGUN);
    this.add(id, photo, isFresh);
  }

  /** Stop waiting for the embedding of an image; it can be tried again. */
  cancel(id: ImageId): void {
    this.stop(id);
    this.#setReadiness(id, { phase: 'failed', error: aborted() });
  }

  /** Do nothing more for a photo that is closed; what has come of it is kept. */
  stop(id: ImageId): void {
    this.#queue.remove(id);
    this.#running.get(id)?.abort();
  }

  /** It will not come back. */
  forget(id: ImageId): void {
    this.#embeddings.delete(id);
  }

  /** The worker was lost, with all images that it held: give those to the next. */
  openAgain(): void {
    for (const [id, { photo, readiness }] of this.#store.photos.value) {
      const isAsked = readiness.phase === 'embedding' || readiness.phase === 'failed';
      if (isAsked || !this.#embeddings.has(id)) continue;
      this.#setReadiness(id, { phase: 'preparing' });
      void this.#embed(id, photo);
    }
  }

  /** What is kept may be of another model, or damaged: then it is fetched. */
  async #embed(id: ImageId, photo: Photo, isFresh = false): Promise<void> {
    this.#running.get(id)?.abort();
    const abort = new AbortController();
    this.#running.set(id, abort);
    const { signal } = abort;
    const source = { isFresh, isKept: false };
    try {
      const held = this.#embeddings.get(id);
      const known = held ? await held.arrayBuffer().catch(() => null) : null;
      // What cannot be read any more is fetched again.
      if (known === null) this.#embeddings.delete(id);
      const bytes = known ?? (await this.#fetchEmbedding(id, photo, source, signal));
      this.#setReadiness(id, { phase: 'preparing' });
      await this.#events.loaded();
      if (signal.aborted) return;
      const opening = this.#services.decoder.call(
        'open',
        { imageId: id, bytes, source: this.#embeddings.get(id) },
        { signal, transfer: [bytes] },
      );
      this.#setReadiness(id, { phase: 'opening' });
      this.#events.onArrival();
      const { key, geometry } = await opening;
      checkSize(photo.size, geometry.original_hw);
      this.#setReadiness(id, { phase: 'ready', key });
      this.#events.onArrival();
    } catch (thrown) {
      const error = toClientError(thrown, 'network');
      // Another call has taken over; or the worker was lost, and another one is given the image.
      if (this.#running.get(id) !== abort) return;
      if (error.kind !== 'decoder') this.#embeddings.delete(id);
      if (source.isKept && error.kind !== 'decoder') await this.#embed(id, photo, true);
      else this.#embedFailed(id, isOfPhoto(error) ? { about: photo.name, ...error } : error);
    } finally {
      if (this.#running.get(id) === abort) this.#running.delete(id);
    }
  }

  async #fetchEmbedding(
    id: ImageId,
    photo: Photo,
    source: { readonly isFresh: boolean; isKept: boolean },
    signal: AbortSignal,
  ): Promise<ArrayBuffer> {
    const { decoder } = this.#services;
    const started = this.#services.now();
    let held: Blob | undefined;
    const hold = (source: Blob): void => {
      // Another call may have taken over, or the photo been closed for good.
      if (signal.aborted || this.#embeddings.get(id) !== held) return;
      this.#embeddings.set(id, source);
      if (held !== undefined) void decoder.call('reread', { imageId: id, source }).catch(() => undefined);
      held = source;
    };
    const canvas = imageOf(this.#store.session.value, id)?.document.canvas ?? null;
    const bytes = await this.#services.embed(photo.file, {
      ...{ canvas, signal, digest: photo.digest, isFresh: source.isFresh },
      onKept: () => (source.isKept = true),
      onStored: hold,
      onProgress: (progress) => {
        this.#setReadiness(id, { phase: 'embedding', progress });
      },
      onBytes: (bytes, at) => this.#receive(id, bytes.slice().buffer, at),
    });
    signal.throwIfAborted();
    if (!this.#embeddings.has(id)) hold(new Blob([bytes]));
    if (source.isKept) return bytes;
    this.#store.embedCost.value = {
      canvas,
      bytes: bytes.byteLength,
      milliseconds: this.#services.now() - started,
    };
    return bytes;
  }

  /** Let the decoder, once it is there, begin with an embedding of which more is to come. */
  #receive(imageId: ImageId, bytes: ArrayBuffer, at: number): void {
    if (this.#store.decoder.value.phase !== 'ready') return;
    const { decoder } = this.#services;
    void decoder.call('receive', { imageId, bytes, at }, { transfer: [bytes] }).catch(() => undefined);
  }

  #embedFailed(id: ImageId, error: ClientError): void {
    if (error.kind === 'aborted') return;
    this.#setReadiness(id, { phase: 'failed', error });
    this.#events.onError(error);
  }

  #setReadiness(id: ImageId, readiness: Readiness): void {
    const { photos } = this.#store;
    const open = photos.value.get(id);
    if (open === undefined) return;
    photos.value = new Map(photos.value).set(id, { ...open, readiness });
    if (readiness.phase === 'ready' || readiness.phase === 'failed') this.#events.onSettled();
  }
}

/** Whether an error tells of the photo, not of the decoder that it waited for. */
const isOfPhoto = ({ kind }: ClientError): boolean => kind === 'http' || kind === 'image';
