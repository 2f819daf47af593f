/** What the worker does, without the worker: the model, the images it holds, and the calls on them. */
import { unpackEmbedding } from '../codec/unpack';
import { Failure, unwrap } from '../shared/errors';
import type { Manifest } from '../shared/manifest';
import type { CallName, RuntimeInfo, WorkerCalls } from '../shared/messages';
import type { Embedding, MapName, NamedTensor } from '../shared/types';
import type { Decoder } from './decoder';
import { decodeStep } from './decoderStep';
import type { GeneralDecoder } from './generalDecoder';
import type { Graph } from './graph';
import { fetchModel, textBytesOf, type ModelFiles } from './modelFiles';
import { prepareImage, type PreparedImage } from './preparedImage';
import { MASK_STRIDE } from './sampling';
import { TextGraphs } from './textGraphs';
import { readVocabulary } from '../codec/textVectors';

type Call<Name extends CallName> = (args: WorkerCalls[Name]['args']) => Promise<WorkerCalls[Name]['result']>;

/** What the engine needs of its surroundings; tests replace it. */
export interface Runtime {
  readonly provider: string;
  readonly crossOriginIsolated: boolean;
  /** Settle the number of threads, given what is wanted. */
  configure(threads: number | null): number;
  openGraph(bytes: ArrayBuffer): Promise<Graph>;
}

export class Engine implements Readonly<{ [Name in CallName]: Call<Name> }> {
  readonly #runtime: Runtime;
  readonly #images = new Map<string, PreparedImage>();
  #decoder: Decoder | null = null;
  #text: TextGraphs | null = null;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  load: Call<'load'> = async ({ modelUrl, threads: wanted }) => {
    const started = performance.now();
    const threads = this.#runtime.configure(wanted);
    const files = await fetchModel(modelUrl);
    const decoder = await openDecoder(this.#runtime, files);
    const vocabulary =
      files.vocabulary && readVocabulary(files.vocabulary, decoder.manifest.config.class_dim);
    await warmUp(decoder);
    this.#decoder = decoder;
    this.#text = new TextGraphs(modelUrl, decoder.manifest, async (bytes) => this.#runtime.openGraph(bytes));
    return {
      ...describe(decoder, this.#runtime),
      vocabulary,
      threads,
      loadMilliseconds: performance.now() - started,
    };
  };

  open: Call<'open'> = async ({ imageId, bytes }) => {
    const started = performance.now();
    const decoder = this.#ready();
    const embedding = unwrap(unpackEmbedding(new Uint8Array(bytes)));
    checkMatch(embedding, decoder.manifest);
    this.#images.set(imageId, await prepareImage(decoder, embedding));
    const prepareMilliseconds = performance.now() - started;
    return { key: embedding.key, geometry: embedding.geometry, prepareMilliseconds };
  };

  step: Call<'step'> = async ({ imageId, ...prompts }) => {
    const image = this.#images.get(imageId);
    if (image === undefined) {
      throw new Failure({ kind: 'decoder', message: `image ${imageId} has not been opened` });
    }
    const decoder = this.#ready();
    return decodeStep(decoder, await this.#generalFor(prompts.texts.length), image, prompts);
  };

  fetchText: Call<'fetchText'> = async () => {
    this.#ready();
    await this.#text?.fetch();
    return null;
  };

  close: Call<'close'> = async ({ imageId }) => {
    this.#images.delete(imageId);
    return Promise.resolve(null);
  };

  async #generalFor(numTexts: number): Promise<GeneralDecoder | null> {
    return numTexts === 0 || this.#text === null ? null : this.#text.open();
  }

  #ready(): Decoder {
    if (this.#decoder !== null) return this.#decoder;
    throw new Failure({ kind: 'decoder', message: 'the decoder has not been loaded' });
  }
}

async function openDecoder(runtime: Runtime, files: ModelFiles): Promise<Decoder> {
  const { manifest, refiner } = files;
  const open = async (bytes: ArrayBuffer): Promise<Graph> => runtime.openGraph(bytes);
  return {
    manifest,
    graphs: { prepare: await open(files.prepare), step: await open(files.step) },
    refiner: refiner && { look: await open(refiner.look), refine: await open(refiner.refine) },
  };
}

/** Longest side of the image of the warm-up, pixels. */
const WARM_UP_SIDE = 384;

/**
 * Run everything that a click runs, on an image without content: the first runs, of graphs and of plain code,
 * are several times slower, and nobody has to wait for these.
 */
async function warmUp(decoder: Decoder): Promise<void> {
  const image = await prepareImage(decoder, blankEmbedding(decoder.manifest));
  const click = { points: [{ x: 1, y: 1, label: 1 }], texts: [] } as const;
  const { maskLogits } = await decodeStep(decoder, null, image, { ...click, memory: null });
  await decodeStep(decoder, null, image, { ...click, memory: maskLogits });
}

function blankEmbedding({ fingerprint, config }: Manifest): Embedding {
  const side = config.stride * Math.ceil(Math.min(config.canvas, WARM_UP_SIDE) / config.stride);
  const map = (name: MapName | 'photo', channels: number, stride: number): NamedTensor => {
    const shape = [1, channels, side / stride, side / stride];
    const count = shape.reduce((product, size) => product * size, 1);
    return { name, dtype: 'float32', shape, data: new Uint8Array(4 * count), scale: null, zeroPoint: null };
  };
  const maps = {
    level0: map('level0', config.level_dims?.[0] ?? config.dim, 32),
    level1: map('level1', config.level_dims?.[1] ?? config.dim, 16),
    level2: map('level2', config.level_dims?.[2] ?? config.dim, 8),
    mask_features: map('mask_features', config.mask_dim, 4),
  };
  const hw = [side, side] as const;
  const geometry = { original_hw: hw, roi_xywh: [0, 0, side, side], input_hw: hw, padded_hw: hw } as const;
  const tensors = [...Object.values(maps), map('photo', 3, MASK_STRIDE / 2)];
  return {
    protocol_version: 1,
    type: 'embedding',
    fingerprint,
    key: '',
    geometry,
    codec: 'float32',
    tensors,
    maps,
  };
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

function describe(
  { manifest }: Decoder,
  runtime: Runtime,
): Omit<RuntimeInfo, 'vocabulary' | 'threads' | 'loadMilliseconds'> {
  const { config, model, fingerprint } = manifest;
  return {
    model,
    fingerprint,
    provider: runtime.provider,
    crossOriginIsolated: runtime.crossOriginIsolated,
    textBytes: textBytesOf(manifest),
    hasExample: config.example !== undefined,
    maxPoints: config.max_points,
    logitScale: config.logit_scale,
  };
}
