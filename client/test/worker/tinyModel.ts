/** A server of a tiny model whose graphs are functions, and an engine that loads it. */
import { encode } from '@msgpack/msgpack';
import { afterEach, beforeEach, vi } from 'vitest';
import { Failure } from '../../src/shared/errors';
import type { Manifest } from '../../src/shared/model/manifest';
import { sha256Hex } from '../../src/shared/sha256';
import { Engine } from '../../src/worker/engine';
import type { Feeds, Fetches, Graph } from '../../src/worker/runtime/graph';
import { Objection } from '../../src/worker/runtime/providers';
import { readBytes } from '../vectors';

/** The float32 vector: original 151 x 100, region at (10, 20), padded 64 x 32, three channels. */
export const EMBEDDING = readBytes('vectors/valid/embedding_float32.msgpack');
export const FINGERPRINT = '0123456789abcdef';
export const MODEL_URL = 'http://server/v1/model';

export const file = (name: string, bytes: Uint8Array) => ({
  file: name,
  sha256: sha256Hex(bytes),
  bytes: bytes.length,
});

export const FILES = {
  'prepare.onnx': Uint8Array.of(1),
  'step.onnx': Uint8Array.of(2),
  'look.onnx': Uint8Array.of(3),
  'refine.onnx': Uint8Array.of(4),
  'general_prepare.onnx': Uint8Array.of(5),
  'general_step.onnx': Uint8Array.of(6),
  'vocabulary.msgpack': encode({
    names: ['cat', 'dog'],
    class_matrix: {
      dtype: 'float32',
      shape: [2, 2],
      data: new Uint8Array(Float32Array.of(1, 0, 0, 1).buffer),
    },
  }),
};

export const MANIFEST: Manifest = {
  format: 1,
  protocol_version: 1,
  model: 'tiny',
  fingerprint: FINGERPRINT,
  config: {
    canvas: 64,
    stride: 32,
    dim: 3,
    mask_dim: 3,
    class_dim: 2,
    num_layers: 1,
    num_heads: 1,
    num_queries: 2,
    num_memories: 1,
    max_points: 512,
    region_rules: { box: 'corners', polygon: 'surround' },
    point_sampling: 'centre',
    selection: 'quality',
    logit_scale: 20,
  },
  wiring: {
    name: 'tiny',
    rows: [
      { name: 'spatial', count: 2 },
      { name: 'memory', count: 1 },
    ],
    keys: ['point'],
    sees: { spatial: ['spatial', 'memory', 'point'], memory: ['memory'] },
  },
  graphs: {
    prepare: file('prepare.onnx', FILES['prepare.onnx']),
    step: file('step.onnx', FILES['step.onnx']),
  },
  vocabulary: { ...file('vocabulary.msgpack', FILES['vocabulary.msgpack']), count: 2 },
};

export const WITH_REFINER: Manifest = {
  ...MANIFEST,
  config: { ...MANIFEST.config, refiner: { max_points: 2, fine_side: 320 } },
  graphs: {
    ...MANIFEST.graphs,
    look: file('look.onnx', FILES['look.onnx']),
    refine: file('refine.onnx', FILES['refine.onnx']),
  },
};

const SEES = {
  spatial: ['spatial', 'memory', 'text', 'point'],
  memory: ['memory'],
  text: ['text', 'spatial'],
};
const TEXT_WIRING = {
  name: 'tiny',
  rows: [
    { name: 'spatial', count: 2 },
    { name: 'memory', count: 2 },
    { name: 'text', count: null },
  ],
  keys: ['point'],
  sees: SEES,
  answering: 'spatial',
  chosen_by: 'points' as const,
};

/** With two memories. */
export const WITH_TEXT: Manifest = {
  ...MANIFEST,
  config: { ...MANIFEST.config, num_memories: 2, text: { weight: 5 } },
  text_wirings: { alone: TEXT_WIRING, together: TEXT_WIRING },
  graphs: {
    ...MANIFEST.graphs,
    general_prepare: file('general_prepare.onnx', FILES['general_prepare.onnx']),
    general_step: file('general_step.onnx', FILES['general_step.onnx']),
  },
};

/** What a test has seen of the graphs and the server, and what the server has. */
export const seen = {
  /** What the step, the refine and the general graphs were fed, run by run. */
  fed: [] as Feeds[],
  refined: [] as Feeds[],
  asked: [] as Feeds[],
  generallyPrepared: 0,
  /** Names of the files that were fetched. */
  fetched: [] as string[],
  served: {} as Record<string, Uint8Array | string>,
};

export const tensor = (data: number[], ...dims: number[]) => ({ data: Float32Array.from(data), dims });

/** Query 0 reads the first channel of the mask features, query 1 its opposite and the name "dog". */
const runStep = (feeds: Feeds): Promise<Fetches> => {
  seen.fed.push(feeds);
  const count = feeds.point_labels?.dims[0] ?? 1;
  const each = (values: number[]): number[] => Array.from({ length: count }, () => values).flat();
  return Promise.resolve({
    mask_embed: tensor(each([1, 0, 0, -1, 0, 0]), count, 2, 3),
    class_embed: tensor(each([1, 0, 0, 1]), count, 2, 2),
    quality: tensor(each([0, 0]), count, 2),
  });
};

const graphs: Record<number, Graph['run']> = {
  1: () => Promise.resolve({ key0: tensor([7], 1) }),
  2: runStep,
  3: (feeds) => Promise.resolve({ look: tensor([Object.keys(feeds).length], 1) }),
  4: (feeds) => {
    seen.refined.push(feeds);
    const { dims = [], data = [] } = feeds.mask_logits ?? {};
    return Promise.resolve({
      refined: { dims, data: new Float32Array(data.length).fill(seen.refined.length) },
    });
  },
  5: () => {
    seen.generallyPrepared++;
    return Promise.resolve({ key0: tensor([8], 1) });
  },
  6: (feeds) => {
    seen.asked.push(feeds);
    return runStep(feeds);
  },
};

export function engine(): Engine {
  return new Engine({
    provider: 'fake',
    crossOriginIsolated: false,
    configure: (threads) => ({ threads: threads ?? 1, note: null }),
    startWebGpu: () => Promise.reject(new Objection('no GPU here')),
    openGraph: (bytes) => {
      const run = graphs[new Uint8Array(bytes)[0] ?? 0];
      if (run === undefined) throw new Error('not a graph');
      return Promise.resolve({ run, release: () => Promise.resolve() });
    },
  });
}

/** In every test of a file. */
export function serveTinyModel(): void {
  beforeEach(() => {
    seen.fed = [];
    seen.refined = [];
    seen.asked = [];
    seen.fetched = [];
    seen.generallyPrepared = 0;
    seen.served = { '': JSON.stringify(MANIFEST), ...FILES };
    vi.stubGlobal('fetch', (url: string) => {
      const name = url.slice(MODEL_URL.length + 1);
      seen.fetched.push(name);
      const body = seen.served[name];
      return Promise.resolve(
        body === undefined ? new Response(null, { status: 404 }) : new Response(body as BodyInit),
      );
    });
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });
}

export const bytes = (): ArrayBuffer => EMBEDDING.slice().buffer;

export async function opened(): Promise<Engine> {
  const ready = engine();
  await ready.load({ modelUrl: MODEL_URL, threads: null });
  await ready.open({ imageId: 'a', bytes: bytes() });
  seen.fed = [];
  return ready;
}

export async function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  const thrown: unknown = await promise.catch((error: unknown) => error);
  return thrown instanceof Failure ? thrown.detail : thrown;
}
