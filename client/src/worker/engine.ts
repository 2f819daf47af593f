/** What the worker does, without the worker: the model, the images it holds, and the calls on them. */
import type { DownloadOptions } from '../api/download';
import type { Loaded } from '../api/wait';
import { aborted, Failure } from '../shared/errors';
import type { CallName, RuntimeInfo, WorkerAlternative, WorkerCalls } from '../shared/messages';
import type { ProviderWish } from '../shared/model/providers';
import type { Decoder } from './step/decoder';
import { everything, find } from './step/everything';
import { sharpened } from './step/sharpening';
import { previewStep } from './step/step';
import { distinct, MEANT, meantStep } from './step/alternatives';
import type { GeneralDecoder } from './decode/generalDecoder';
import type { Graph } from './runtime/graph';
import { lateralLoader } from './mask/lateral';
import type { PhotoPyramid } from './mask/photo/pyramid';
import { readPyramid } from './mask/photo/readPyramid';
import { fetchModel, textBytesOf, type ModelFiles, type OnProgress } from './runtime/modelFiles';
import { choose, type Candidate, type Choice } from './runtime/providers';
import { ImageStore } from './step/imageStore';
import type { OnDemand } from './runtime/once';
import { textGraphs } from './decode/textGraphs';
import { Turns } from './runtime/turns';
import { warming, warmUp } from './step/warmUp';
import { readModelNames } from '../codec/textVectors';
import type { Threads } from './runtime/ortSession';

type Call<Name extends CallName> = (
  args: WorkerCalls[Name]['args'],
  signal?: AbortSignal,
  onProgress?: (loaded: Loaded) => void,
) => Promise<WorkerCalls[Name]['result']>;

/** What the engine needs of its surroundings; tests replace it. */
export interface Runtime {
  readonly provider: string;
  readonly crossOriginIsolated: boolean;
  /** Settle the number of threads, given what is wanted. */
  configure(threads: number | null): Threads;
  /** Fetch what graphs run on; with nothing to fetch it is absent. */
  fetch?(options: DownloadOptions): Promise<void>;
  openGraph(bytes: ArrayBuffer): Promise<Graph>;
  /** Fetch the runtime of the GPU, and find one; its result opens graphs there. */
  startWebGpu(allowsSoftware: boolean): Promise<Runtime['openGraph']>;
}

/** Milliseconds for which a page that has an image already may give it. */
const WARM_UP_PAUSE = 100;

export class Engine implements Readonly<{ [Name in CallName]: Call<Name> }> {
  readonly #runtime: Runtime;
  readonly #turns = new Turns();
  readonly #images = new ImageStore(this.#turns);
  #decoder: Decoder | null = null;
  /** Pixels of one image; they take three bytes each. */
  #photo: { readonly imageId: string; readonly pyramid: PhotoPyramid } | null = null;
  #text: OnDemand<GeneralDecoder> | null = null;
  /** Whether an image came, or a part of one. */
  #hasImage = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  load: Call<'load'> = async (
    { modelUrl, threads: wanted, provider: wish = 'wasm', maps, patience },
    _signal,
    onProgress,
  ) => {
    const started = performance.now();
    const { threads, note: threadsNote } = this.#runtime.configure(wanted);
    const files = await this.#fetchAll(modelUrl, { onProgress, milliseconds: patience });
    const { opened: decoder, provider, note } = await this.#open(modelUrl, files, wish);
    const names = files.vocabulary && readModelNames(files.vocabulary, decoder.manifest.config);
    this.#decoder = { ...decoder, toSentence: names?.toSentence ?? null };
    // What fails here fails again, and is told, when it is asked for.
    if (wish === 'wasm') this.#warmUp(decoder).catch(() => undefined);
    if (maps === 'lateral') void decoder.lateral?.fetch().catch(() => undefined); // It will be fetched again.
    this.#text = textGraphs(modelUrl, decoder.manifest, async (bytes) => this.#runtime.openGraph(bytes));
    return {
      ...describe(decoder, this.#runtime),
      ...(provider === 'webgpu' && { provider }),
      providerNote: note,
      vocabulary: names?.vocabulary ?? null,
      threads,
      threadsNote,
      loadMilliseconds: performance.now() - started,
    };
  };

  receive: Call<'receive'> = async ({ imageId, bytes, at }) => {
    this.#hasImage = true;
    if (this.#decoder !== null) this.#images.receive(this.#decoder, imageId, new Uint8Array(bytes), at);
    return Promise.resolve(null);
  };

  open: Call<'open'> = async ({ imageId, bytes, source }, signal) => {
    const started = performance.now();
    this.#hasImage = true;
    const decoder = this.#ready();
    const opened = await this.#images.open(decoder, imageId, new Uint8Array(bytes), { signal, source });
    const { embedding, longestSliceMilliseconds } = opened;
    const { key, geometry } = embedding;
    return { key, geometry, longestSliceMilliseconds, prepareMilliseconds: performance.now() - started };
  };

  reread: Call<'reread'> = async ({ imageId, source }) => {
    this.#images.reread(imageId, source);
    return Promise.resolve(null);
  };

  step: Call<'step'> = async ({ imageId, ...prompts }, signal) => {
    const decoder = this.#ready();
    const image = await this.#images.use(decoder, imageId);
    return this.#turns.step(async () => {
      if (signal?.aborted === true) throw new Failure(aborted());
      const general = await this.#generalFor(prompts.texts.length);
      return meantStep({ decoder, general, image, prompts });
    });
  };

  alternatives: Call<'alternatives'> = async ({ imageId, ...prompts }, signal) => {
    const decoder = this.#ready();
    const image = await this.#images.use(decoder, imageId);
    const answers: WorkerAlternative[] = [];
    for (const extent of MEANT) {
      const meant = extent && { extent };
      answers.push({ ...meant, result: await this.step({ imageId, ...prompts, ...meant }, signal) });
    }
    return distinct(answers, image.geometry);
  };

  /** Beside the steps, which it never keeps waiting for longer than one of its stages. */
  preview: Call<'preview'> = async ({ imageId, ...prompts }, signal = new AbortController().signal) => {
    const decoder = this.#ready();
    const image = await this.#images.use(decoder, imageId);
    return this.#turns.slice(async () => {
      if (signal.aborted) throw new Failure(aborted());
      const general = await this.#generalFor(prompts.texts.length);
      return { mask: await previewStep({ decoder, general, image, prompts }, signal) };
    });
  };

  /** In strips, beside the steps. */
  photo: Call<'photo'> = async ({ imageId, bitmap }) => {
    this.#photo = null;
    const pyramid = await readPyramid(bitmap, (work) => this.#turns.slice(work));
    this.#photo = { imageId, pyramid };
    return null;
  };

  /** Beside the steps, a level of the photo at a time. */
  sharpen: Call<'sharpen'> = async ({ imageId, photo, ...asked }, signal = new AbortController().signal) => {
    const decoder = this.#ready();
    const image = await this.#images.use(decoder, imageId);
    if (this.#photo?.imageId !== photo) {
      throw new Failure({ kind: 'decoder', message: `the photo of image ${photo} has not been shown` });
    }
    const { pyramid } = this.#photo;
    return {
      mask: await sharpened(decoder, { image, pyramid }, asked, (work) => this.#turns.slice(work), signal),
    };
  };

  /** Beside the steps, a piece of it at a time. */
  everything: Call<'everything'> = async ({ imageId }, signal, onProgress) => {
    const decoder = this.#ready();
    const image = await this.#images.use(decoder, imageId);
    return everything(decoder, image, this.#turns, { signal, onProgress });
  };

  find: Call<'find'> = async ({ imageId, vector }, signal, onProgress) => {
    const decoder = this.#ready();
    const image = await this.#images.use(decoder, imageId);
    return find(decoder, image, this.#turns, vector, { signal, onProgress });
  };

  fetchText: Call<'fetchText'> = async () => {
    this.#ready();
    await this.#text?.fetch();
    return null;
  };

  close: Call<'close'> = async ({ imageId }) => {
    this.#images.close(imageId);
    if (this.#photo?.imageId === imageId) this.#photo = null;
    return Promise.resolve(null);
  };

  /** The runtime and the graphs at the same time: of the two, the runtime is the larger. */
  async #fetchAll(modelUrl: string, { onProgress, milliseconds }: DownloadOptions): Promise<ModelFiles> {
    const sum = sumOf(onProgress);
    const [files] = await Promise.all([
      fetchModel(modelUrl, undefined, { onProgress: sum, milliseconds }),
      this.#runtime.fetch?.({
        milliseconds,
        onProgress: (loaded) => sum('', loaded),
      }),
    ]);
    return files;
  }

  #open(modelUrl: string, files: ModelFiles, wish: ProviderWish): Promise<Choice<Decoder>> {
    return choose(
      wish,
      () => candidate((bytes) => this.#runtime.openGraph(bytes), files),
      async () => {
        const open = await this.#runtime.startWebGpu(wish === 'webgpu-forced');
        return candidate(open, await fetchModel(modelUrl, 'webgpu'));
      },
    );
  }

  /** Until an image comes: somebody waits for it, and what is done with it warms up as well. */
  async #warmUp(decoder: Decoder): Promise<void> {
    const pieces = warming(decoder);
    let isDone = false;
    await new Promise((resolve) => setTimeout(resolve, WARM_UP_PAUSE));
    while (!isDone && !this.#hasImage) isDone = (await this.#turns.slice(() => pieces.next())).done === true;
  }

  async #generalFor(numTexts: number): Promise<GeneralDecoder | null> {
    return numTexts === 0 || this.#text === null ? null : this.#text.open();
  }

  #ready(): Decoder {
    if (this.#decoder !== null) return this.#decoder;
    throw new Failure({ kind: 'decoder', message: 'the decoder has not been loaded' });
  }
}

/** Tells of the bytes of all files together; of all that there are, once that is known of each. */
function sumOf(onProgress?: (loaded: Loaded) => void): OnProgress {
  const files = new Map<string, Loaded>();
  return (file, loaded) => {
    files.set(file, loaded);
    const all = [...files.values()];
    const totals = all.map(({ total }) => total ?? NaN).reduce((a, b) => a + b, 0);
    const bytes = all.reduce((sum, each) => sum + each.bytes, 0);
    onProgress?.({ bytes, total: Number.isNaN(totals) ? null : totals });
  };
}

/** The decoder on one provider. */
async function candidate(open: Runtime['openGraph'], files: ModelFiles): Promise<Candidate<Decoder>> {
  const opened = await openDecoder(open, files);
  const { graphs, refiner } = opened;
  return {
    opened,
    attempt: () => warmUp(opened),
    release: async () => {
      const ofRefiner = refiner === null ? [] : [refiner.look, refiner.refine];
      for (const graph of [...graphs.prepare, graphs.step, ...ofRefiner]) await graph.release();
    },
  };
}

async function openDecoder(open: Runtime['openGraph'], files: ModelFiles): Promise<Decoder> {
  const { manifest, refiner } = files;
  const prepare: Graph[] = [];
  for (const piece of files.prepare) prepare.push(await open(piece));
  return {
    manifest,
    graphs: { prepare, step: await open(files.step) },
    refiner: refiner && { look: await open(refiner.look), refine: await open(refiner.refine) },
    lateral: files.lateral && lateralLoader(files.lateral, open),
  };
}

function describe(
  { manifest }: Decoder,
  runtime: Runtime,
): Omit<RuntimeInfo, 'vocabulary' | 'threads' | 'threadsNote' | 'loadMilliseconds' | 'providerNote'> {
  const { config, model, fingerprint } = manifest;
  return {
    model,
    fingerprint,
    provider: runtime.provider,
    crossOriginIsolated: runtime.crossOriginIsolated,
    textBytes: textBytesOf(manifest),
    canFind: config.semantic !== undefined,
    followsPhoto: config.photo !== undefined && config.photo !== null,
    maxPoints: config.max_points,
    regionRules: config.region_rules,
    logitScale: config.logit_scale,
  };
}
