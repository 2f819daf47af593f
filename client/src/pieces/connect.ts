/** A server's model in any page: images in, objects that prompts mark out. */
import { NO_KEYS } from '../api/authorized';
import type { EmbedProgress } from '../api/embeddings';
import type { Texts } from '../api/texts';
import type { Loaded } from '../api/wait';
import type { MakeWorker } from '../bridge/decoder';
import { createServerDecoder as makeServerDecoder } from '../bridge/serverDecoder';
import { serviceAt, type Service } from '../bridge/service';
import { unpackEmbedding } from '../codec/unpack';
import { checkSize, decodePhoto } from '../pixels/decodePhoto';
import { askedOf } from '../bridge/asking';
import { editResult } from '../bridge/editResult';
import type { PendingStep } from '../session/state';
import { unwrap } from '../shared/errors';
import type { RuntimeInfo, WorkerTimings } from '../shared/messages';
import { nameOf } from '../shared/model/naming';
import { counted, isEdit } from '../shared/prompt/edits';
import { rleArea } from '../shared/rle';
import { WORKER_STAGES } from '../shared/stages';
import type { PromptItem, SizeHw, StepResult, StepTimings, TextVectors } from '../shared/types';
import { makeWorkerFromAnyOrigin } from './anyOrigin';
import { LoadedDecoder, type OpenImage } from './loadedDecoder';
import { Marking } from './marking';
import { fileOf, type PhotoSource } from './photoSource';

export interface ConnectOptions {
  /** For a server that asks for one. */
  readonly apiKey?: string | null | undefined;
  /** Of the decoder, on a cross-origin isolated page; null: by the number of cores. */
  readonly threads?: number | null;
  /** Milliseconds without a sign of life after which a wait ends. */
  readonly patience?: number;
  /** Starts the worker, a module, where the bundler puts it elsewhere than beside the package. */
  readonly makeWorker?: MakeWorker;
  /** Hears of the bytes of the model that have come. */
  readonly onProgress?: (loaded: Loaded) => void;
}

export interface ImageOptions {
  /** Pixels that the image is resized to; without it what the model usually takes. */
  readonly canvas?: number;
  /** Whether masks get the edges of the photo's own pixels; they do, unless this is false. */
  readonly sharp?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: EmbedProgress) => void;
}

/** What runs, for people who look into it. */
export type ModelInfo = Pick<RuntimeInfo, 'model' | 'fingerprint' | 'provider' | 'providerNote' | 'threads'>;

/**
 * Load the model of a server.
 *
 * @param server its address, `https://masks.example.org` for example; it has to allow this page's origin (CORS).
 * @throws Failure whose `detail.kind` says what went wrong.
 */
export async function connect(server: string | URL, options: ConnectOptions = {}): Promise<Splitseem> {
  const {
    apiKey = null,
    threads = null,
    patience,
    makeWorker = makeWorkerFromAnyOrigin,
    onProgress,
  } = options;
  const base = new URL(server, document.baseURI).href.replace(/\/*$/, '/');
  const keys = { ...NO_KEYS, current: apiKey };
  const service = serviceAt((route) => base + route, {
    keys,
    patience,
    makeWorker,
    makeServerDecoder,
    unlessSlow: false,
  });
  const decoder = new LoadedDecoder(service.decoder, { modelUrl: service.modelUrl, threads, onProgress });
  return new Splitseem(service, decoder, await decoder.load());
}

/** A server with its model, whose decoder runs in a worker of this page. */
export class Splitseem {
  readonly info: ModelInfo;
  readonly #service: Service;
  readonly #decoder: LoadedDecoder;
  #images = 0;

  /** `connect` makes it. */
  constructor(service: Service, decoder: LoadedDecoder, info: ModelInfo) {
    this.#service = service;
    this.#decoder = decoder;
    this.info = info;
  }

  /** Have an image encoded by the server, once, and made ready for prompts. */
  async image(source: PhotoSource, options: ImageOptions = {}): Promise<MarkedImage> {
    const { canvas = null, sharp = true, signal = new AbortController().signal, onProgress } = options;
    const original = await fileOf(source, signal);
    const { file, bitmap } = await decodePhoto(original, 'the image', this.#service.convert);
    const size = { height: bitmap.height, width: bitmap.width };
    bitmap.close();
    const bytes = await this.#service.embed(file, {
      ...{ canvas, signal },
      onProgress: (progress) => onProgress?.(progress),
    });
    const { key, geometry } = unwrap(unpackEmbedding(new Uint8Array(bytes)));
    checkSize(size, geometry.original_hw);
    const opened = { id: `image-${++this.#images}`, bytes, photo: sharp ? file : null };
    await this.#decoder.open(opened);
    return new MarkedImage({ key, file, size, opened, decoder: this.#decoder, texts: this.#service.texts });
  }

  /** End the worker; images of it answer no more. */
  close(): void {
    this.#decoder.terminate();
  }
}

interface Parts {
  readonly key: string;
  readonly file: Blob;
  readonly size: SizeHw;
  readonly opened: OpenImage;
  readonly decoder: LoadedDecoder;
  readonly texts: Texts;
}

/** An image that is ready for prompts. */
export class MarkedImage extends Marking {
  /** Names its embedding on the server. */
  readonly key: string;
  /** What the server was sent. */
  readonly file: Blob;
  readonly #close: () => Promise<void>;

  /** `Splitseem.image` makes it. */
  constructor({ key, file, size, opened, decoder, texts }: Parts) {
    const asking = new Asking(opened, decoder, texts);
    super(size, (pending, _, signal) => asking.answer(pending, size, signal));
    this.key = key;
    this.file = file;
    this.#close = () => decoder.close(opened);
  }

  /** Let the worker forget it. */
  close(): Promise<void> {
    return this.#close();
  }
}

/** Asks the worker about one image. */
class Asking {
  readonly #image: OpenImage;
  readonly #decoder: LoadedDecoder;
  readonly #texts: Texts;
  readonly #known = new Map<string, TextVectors>();

  constructor(image: OpenImage, decoder: LoadedDecoder, texts: Texts) {
    this.#image = image;
    this.#decoder = decoder;
    this.#texts = texts;
  }

  async answer(
    { prompts, previous, step }: PendingStep,
    size: SizeHw,
    signal?: AbortSignal,
  ): Promise<StepResult> {
    const info = await this.#decoder.load();
    if (isEdit(step.prompt)) return named(editResult(step.prompt, previous, size), info);
    const texts = await this.#vectorsOf(counted(prompts), info, signal);
    const embedded = { id: this.#image.id, part: null };
    const args = askedOf({ embedded, size, prompts, previous, texts }, info);
    const result = await this.#decoder.step(this.#image, args, signal);
    const mask = await this.#decoder.sharpened(this.#image, args, result, signal);
    return named({ ...result, mask, area: rleArea(mask) }, info);
  }

  async #vectorsOf(
    prompts: readonly PromptItem[],
    { fingerprint }: RuntimeInfo,
    signal = new AbortController().signal,
  ): Promise<readonly TextVectors[]> {
    const texts = prompts.flatMap((prompt) => (prompt.kind === 'text' ? [prompt.text] : []));
    const missing = texts.filter((text) => !this.#known.has(text));
    const found = missing.length === 0 ? [] : await this.#texts.encode(missing, { fingerprint, signal });
    missing.forEach((text, index) => {
      const vectors = found[index];
      if (vectors !== undefined) this.#known.set(text, vectors);
    });
    return texts.flatMap((text) => this.#known.get(text) ?? []);
  }
}

/** Nobody here measures more than the worker does. */
function named(
  result: Omit<StepResult, 'timings' | 'label' | 'labelScore'> & { readonly timings: WorkerTimings },
  { vocabulary, logitScale }: RuntimeInfo,
): StepResult {
  const naming = nameOf(result.classEmbed, vocabulary, logitScale);
  const total = WORKER_STAGES.reduce((sum, stage) => sum + result.timings[stage], 0);
  const timings: StepTimings = { ...result.timings, queue: 0, frame: 0, paint: 0, total };
  return { ...result, ...naming, timings, isDraft: false, isCoarse: false };
}
