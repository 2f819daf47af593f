/** The decoder with the images that are open in it; a worker that dies is replaced, and given them again. */
import type { DecoderBridge } from '../bridge/decoder';
import { SERVER_PROVIDER } from '../shared/model/providers';
import { decodeWhole } from '../pixels/decodePhoto';
import { Failure } from '../shared/errors';
import type { RuntimeInfo, StepArgs, WorkerCalls, WorkerStepResult } from '../shared/messages';
import type { CocoRle } from '../shared/types';
import type { Loaded } from '../api/wait';

/** An image that prompts may be asked of. */
export interface OpenImage {
  readonly id: string;
  /** Its embedding. */
  readonly bytes: ArrayBuffer;
  /** What the server was sent, whose pixels masks get their edges from; null: they stay as the decoder's cells. */
  readonly photo: Blob | null;
}

export interface LoadOptions extends Pick<WorkerCalls['load']['args'], 'modelUrl' | 'threads'> {
  readonly onProgress?: ((loaded: Loaded) => void) | undefined;
}

export class LoadedDecoder {
  readonly #bridge: DecoderBridge;
  readonly #options: LoadOptions;
  readonly #opened = new Map<string, Promise<unknown>>();
  #loaded: Promise<RuntimeInfo> | null = null;
  /** Whose pixels the worker has. */
  #shown: string | null = null;

  constructor(bridge: DecoderBridge, options: LoadOptions) {
    this.#bridge = bridge;
    this.#options = options;
    bridge.onLost?.(() => this.#forget());
  }

  load(): Promise<RuntimeInfo> {
    const { onProgress, ...args } = this.#options;
    this.#loaded ??= this.#bridge
      .call('load', args, { ...(onProgress && { onProgress }) })
      .catch((error: unknown) => {
        this.#forget();
        throw error;
      });
    return this.#loaded;
  }

  /** Open an image, or once more the one that a lost worker held. */
  async open(image: OpenImage): Promise<void> {
    await this.load();
    const opened =
      this.#opened.get(image.id) ??
      this.#bridge.call('open', { imageId: image.id, bytes: image.bytes }).catch((error: unknown) => {
        this.#opened.delete(image.id);
        throw error;
      });
    this.#opened.set(image.id, opened);
    await opened;
  }

  step(image: OpenImage, args: StepArgs, signal?: AbortSignal): Promise<WorkerStepResult> {
    return this.#twice(async () => {
      await this.open(image);
      return this.#bridge.call('step', args, { ...(signal && { signal }) });
    });
  }

  /** The mask of a step with the edges of the photo; the same mask where there can be none. */
  sharpened(
    image: OpenImage,
    { points, strokes = [] }: StepArgs,
    { mask, maskLogits }: WorkerStepResult,
    signal?: AbortSignal,
  ): Promise<CocoRle> {
    return this.#twice(async () => {
      const { provider, followsPhoto } = await this.load();
      if (image.photo === null || provider === SERVER_PROVIDER || followsPhoto !== true) return mask;
      await this.open(image);
      await this.#show(image.id, image.photo);
      const asked = { imageId: image.id, photo: image.id, points, strokes, maskLogits };
      return (await this.#bridge.call('sharpen', asked, { ...(signal && { signal }) })).mask;
    });
  }

  async close({ id }: OpenImage): Promise<void> {
    if (!this.#opened.delete(id)) return;
    if (this.#shown === id) this.#shown = null;
    await this.#bridge.call('close', { imageId: id });
  }

  terminate(): void {
    this.#forget();
    this.#bridge.terminate();
  }

  async #show(id: string, photo: Blob): Promise<void> {
    if (this.#shown === id) return;
    const bitmap = await decodeWhole(photo);
    await this.#bridge.call('photo', { imageId: id, bitmap }, { transfer: [bitmap] });
    this.#shown = id;
  }

  /** What a worker that died could not answer, the next one may. */
  async #twice<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Failure) || error.detail.what !== 'worker-failed') throw error;
      return ask();
    }
  }

  #forget(): void {
    this.#loaded = null;
    this.#shown = null;
    this.#opened.clear();
  }
}
