import { decode, encode } from '@msgpack/msgpack';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../src/shared/errors';
import type { Manifest } from '../../src/shared/manifest';
import { rleContains } from '../../src/shared/rle';
import { sha256Hex } from '../../src/shared/sha256';
import { Engine } from '../../src/worker/engine';
import type { Feeds, Fetches, Graph } from '../../src/worker/graph';
import { readBytes } from '../vectors';

/** The float32 vector: original 151 x 100, region at (10, 20), padded 64 x 32, three channels. */
const EMBEDDING = readBytes('vectors/valid/embedding_float32.msgpack');
const FINGERPRINT = '0123456789abcdef';
const MODEL_URL = 'http://server/v1/model';

const file = (name: string, bytes: Uint8Array) => ({
  file: name,
  sha256: sha256Hex(bytes),
  bytes: bytes.length,
});

const FILES = {
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

const MANIFEST: Manifest = {
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

const WITH_REFINER: Manifest = {
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
const WITH_TEXT: Manifest = {
  ...MANIFEST,
  config: { ...MANIFEST.config, num_memories: 2, text: { weight: 5 } },
  text_wirings: { alone: TEXT_WIRING, together: TEXT_WIRING },
  graphs: {
    ...MANIFEST.graphs,
    general_prepare: file('general_prepare.onnx', FILES['general_prepare.onnx']),
    general_step: file('general_step.onnx', FILES['general_step.onnx']),
  },
};

/** What the step, the refine and the general graphs were fed, run by run. */
let fed: Feeds[];
let refined: Feeds[];
let asked: Feeds[];
let generallyPrepared: number;
/** Names of the files that were fetched. */
let fetched: string[];
let served: Record<string, Uint8Array | string>;

const tensor = (data: number[], ...dims: number[]) => ({ data: Float32Array.from(data), dims });

/** Query 0 reads the first channel of the mask features, query 1 its opposite and the name "dog". */
const runStep = (feeds: Feeds): Promise<Fetches> => {
  fed.push(feeds);
  return Promise.resolve({
    mask_embed: tensor([1, 0, 0, -1, 0, 0], 1, 2, 3),
    class_embed: tensor([1, 0, 0, 1], 1, 2, 2),
    quality: tensor([0, 0], 1, 2),
  });
};

const graphs: Record<number, Graph['run']> = {
  1: () => Promise.resolve({ key0: tensor([7], 1) }),
  2: runStep,
  3: (feeds) => Promise.resolve({ look: tensor([Object.keys(feeds).length], 1) }),
  4: (feeds) => {
    refined.push(feeds);
    const { dims = [], data = [] } = feeds.mask_logits ?? {};
    return Promise.resolve({ refined: { dims, data: new Float32Array(data.length).fill(refined.length) } });
  },
  5: () => {
    generallyPrepared++;
    return Promise.resolve({ key0: tensor([8], 1) });
  },
  6: (feeds) => {
    asked.push(feeds);
    return runStep(feeds);
  },
};

function engine(): Engine {
  return new Engine({
    provider: 'fake',
    crossOriginIsolated: false,
    configure: (threads) => threads ?? 1,
    startWebGpu: () => Promise.reject(new Error('no GPU here')),
    openGraph: (bytes) => {
      const run = graphs[new Uint8Array(bytes)[0] ?? 0];
      if (run === undefined) throw new Error('not a graph');
      return Promise.resolve({ run, release: () => Promise.resolve() });
    },
  });
}

beforeEach(() => {
  fed = [];
  refined = [];
  asked = [];
  fetched = [];
  generallyPrepared = 0;
  served = { '': JSON.stringify(MANIFEST), ...FILES };
  vi.stubGlobal('fetch', (url: string) => {
    const name = url.slice(MODEL_URL.length + 1);
    fetched.push(name);
    const body = served[name];
    return Promise.resolve(
      body === undefined ? new Response(null, { status: 404 }) : new Response(body as BodyInit),
    );
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const bytes = (): ArrayBuffer => EMBEDDING.slice().buffer;

async function opened(): Promise<Engine> {
  const ready = engine();
  await ready.load({ modelUrl: MODEL_URL, threads: null });
  await ready.open({ imageId: 'a', bytes: bytes() });
  fed = [];
  return ready;
}

async function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  const thrown: unknown = await promise.catch((error: unknown) => error);
  return thrown instanceof Failure ? thrown.detail : thrown;
}

describe('loading', () => {
  it('describes what runs, after steps with and without memory', async () => {
    const info = await engine().load({ modelUrl: MODEL_URL, threads: 3 });
    expect(info).toMatchObject({ model: 'tiny', provider: 'fake', threads: 3, textBytes: null });
    expect(info.vocabulary).toEqual({ names: ['cat', 'dog'], classMatrix: Float32Array.of(1, 0, 0, 1) });
    const memories = fed.map(({ previous_mask }) => previous_mask?.data.some((logit) => logit !== 0));
    expect(new Set(memories)).toEqual(new Set([false, true]));
  });

  it('stays on the processor and says why where there is no GPU', async () => {
    const info = await engine().load({ modelUrl: MODEL_URL, threads: null, provider: 'webgpu' });
    expect(info).toMatchObject({ provider: 'fake', providerNote: 'WebGPU is not used: no GPU here' });
  });

  it('refuses a file with another digest', async () => {
    served['step.onnx'] = Uint8Array.of(9);
    const refusal = await refusalOf(engine().load({ modelUrl: MODEL_URL, threads: null }));
    expect(refusal).toMatchObject({ kind: 'model' });
  });

  it('names a file that the server does not have', async () => {
    delete served['step.onnx'];
    const refusal = await refusalOf(engine().load({ modelUrl: MODEL_URL, threads: null }));
    expect(refusal).toMatchObject({ kind: 'http', status: 404 });
  });

  it('refuses a manifest that it does not understand', async () => {
    served[''] = JSON.stringify({ ...MANIFEST, format: 2 });
    const refusal = await refusalOf(engine().load({ modelUrl: MODEL_URL, threads: null }));
    expect(refusal).toMatchObject({
      kind: 'model',
      message: expect.stringContaining('format "2"') as unknown,
    });
  });
});

describe('a photo', () => {
  const PHOTO = {
    ...{ trust: 0.7, logit_limit: 8, colour_weight: 1, colour_limit: 3, colour_floor: 1e-5, bins: 24 },
    ...{ smoothness: 5, reach: 0.16, edge_contrast: 0.5, rounds: 2, sweeps: 4 },
    ...{ click_radius: 0.016, held_logit: 2, click_weight: 20 },
  };
  const here = { x: 60.5, y: 40.5, label: 1 } as const;
  const clicks = [here, { ...here, x: 61.5, label: 0 }, { ...here, y: 70.5, label: 0 }] as const;

  function withPhoto(): ArrayBuffer {
    const message = decode(EMBEDDING) as { tensors: unknown[] };
    const shape = [1, 3, 15, 27];
    const data = new Uint8Array(4 * 3 * 15 * 27);
    return encode({
      ...message,
      tensors: [...message.tensors, { name: 'photo', dtype: 'float32', shape, data }],
    }).slice().buffer;
  }

  async function step(manifest: Manifest) {
    served[''] = JSON.stringify(manifest);
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    await ready.open({ imageId: 'a', bytes: withPhoto() });
    return ready.step({ imageId: 'a', points: clicks, memory: null, texts: [] });
  }

  it('makes the mask obey every pixel that was clicked, and leaves the memory alone', async () => {
    const plain = await step(MANIFEST);
    const followed = await step({ ...MANIFEST, config: { ...MANIFEST.config, photo: PHOTO } });
    expect(clicks.map(({ x, y }) => rleContains(followed.mask, x, y))).toEqual([true, false, false]);
    expect(followed.maskLogits).toEqual(plain.maskLogits);
    expect(followed.mask).not.toEqual(plain.mask);
  });

  it('does nothing for a model that does not follow it, or in an embedding without it', async () => {
    const plain = await step(MANIFEST);
    served[''] = JSON.stringify({ ...MANIFEST, config: { ...MANIFEST.config, photo: PHOTO } });
    const ready = await opened();
    const { mask } = await ready.step({ imageId: 'a', points: clicks, memory: null, texts: [] });
    expect(mask).toEqual(plain.mask);
  });
});

describe('a refiner', () => {
  it('whose graphs are missing is refused', async () => {
    served[''] = JSON.stringify({ ...WITH_REFINER, graphs: MANIFEST.graphs });
    const refusal = await refusalOf(engine().load({ modelUrl: MODEL_URL, threads: null }));
    expect(refusal).toMatchObject({ kind: 'model' });
  });
});

describe('images', () => {
  it('answer with the geometry and key of their embedding', async () => {
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    const image = await ready.open({ imageId: 'a', bytes: bytes() });
    expect(image.geometry.original_hw).toEqual([100, 151]);
    expect(image.key).toBe('00112233445566778899aabbccddeeff');
  });

  it('of another model are refused with both fingerprints', async () => {
    served[''] = JSON.stringify({ ...MANIFEST, fingerprint: 'fedcba9876543210' });
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    expect(await refusalOf(ready.open({ imageId: 'a', bytes: bytes() }))).toMatchObject({
      kind: 'fingerprint',
      embedding: FINGERPRINT,
      decoder: 'fedcba9876543210',
    });
  });

  it('that are broken are refused by the codec', async () => {
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    const refusal = await refusalOf(ready.open({ imageId: 'a', bytes: new ArrayBuffer(3) }));
    expect(refusal).toMatchObject({ kind: 'codec' });
  });

  it('that were closed are not stepped', async () => {
    const ready = await opened();
    await ready.close({ imageId: 'a' });
    expect(await refusalOf(ready.step({ imageId: 'a', points: [], memory: null, texts: [] }))).toMatchObject({
      kind: 'decoder',
    });
  });
});

describe('a prepare graph in pieces', () => {
  const pieces = ['general_prepare.onnx', 'look.onnx'] as const;

  it('is fetched as such, and feeds the step with what all of them made', async () => {
    const prepare = {
      ...MANIFEST.graphs.prepare,
      pieces: pieces.map((name) => file(name, FILES[name])),
    };
    served[''] = JSON.stringify({ ...MANIFEST, graphs: { ...MANIFEST.graphs, prepare } });
    const ready = await opened();
    await ready.step({ imageId: 'a', points: [], memory: null, texts: [] });
    expect(fetched).not.toContain('prepare.onnx');
    expect(fed[0]).toMatchObject({ key0: tensor([8], 1), look: { dims: [1] } });
  });
});

describe('steps', () => {
  const point = { x: 70.5, y: 50.5, label: 1 } as const;

  it('feed what prepare made, the points in both frames, and an empty memory', async () => {
    const ready = await opened();
    await ready.step({ imageId: 'a', points: [point], memory: null, texts: [] });
    const [feeds] = fed;
    expect(feeds?.key0).toEqual(tensor([7], 1));
    expect(feeds?.point_labels).toEqual({ dims: [1, 1], data: Float32Array.of(1) });
    // (70.5 - 10) * 54 / 121 of 64, (50.5 - 20) * 30 / 67 of 32
    const [x, y] = [...(feeds?.point_coords?.data ?? [])].map(Number);
    expect(x).toBeCloseTo((60.5 * 54) / 121 / 64, 6);
    expect(y).toBeCloseTo((30.5 * 30) / 67 / 32, 6);
    expect(feeds?.point_features2?.dims).toEqual([1, 1, 3]);
    expect(feeds?.previous_mask?.dims).toEqual([1, 1, 8, 16]);
    expect(feeds?.attention_bias?.dims).toEqual([1, 3, 4]);
  });

  it('answer with a mask of the image’s size and the class embedding of the selected query', async () => {
    const ready = await opened();
    const positive = await ready.step({ imageId: 'a', points: [point], memory: null, texts: [] });
    const negative = await ready.step({
      imageId: 'a',
      points: [{ ...point, label: 0 }],
      memory: null,
      texts: [],
    });
    expect(positive.mask.size).toEqual([100, 151]);
    expect([...positive.classEmbed, ...negative.classEmbed].sort()).toEqual([0, 0, 1, 1]);
    expect(positive.classEmbed).not.toEqual(negative.classEmbed);
    expect(positive.score).toBeCloseTo(negative.score, 6);
    expect(Array.from(positive.maskLogits.data)).toEqual(Array.from(negative.maskLogits.data, (v) => 0 - v));
  });

  it('hand the memory on, and give the same answer to the same question', async () => {
    const ready = await opened();
    const first = await ready.step({ imageId: 'a', points: [point], memory: null, texts: [] });
    const ask = { imageId: 'a', points: [point, point], memory: first.maskLogits, texts: [] };
    const [second, again] = [await ready.step(ask), await ready.step(ask)];
    expect(fed[1]?.previous_mask?.data).toEqual(first.maskLogits.data);
    expect({ ...again, timings: null }).toEqual({ ...second, timings: null });
  });

  it('end with what the refiner makes of the mask, which is also remembered', async () => {
    served[''] = JSON.stringify(WITH_REFINER);
    const ready = await opened();
    refined = [];
    const points = [point, { ...point, x: 80.5 }, { ...point, x: 90.5, label: 0 }] as const;
    const first = await ready.step({ imageId: 'a', points, memory: null, texts: [] });
    await ready.step({ imageId: 'a', points, memory: first.maskLogits, texts: [] });
    expect(new Set(first.maskLogits.data)).toEqual(new Set([1]));
    expect(refined[0]?.look).toEqual(tensor([3], 1));
    expect(refined[0]?.point_labels?.data).toEqual(Float32Array.of(1, 0));
    expect(Number(refined[0]?.point_coords?.data[0])).toBeCloseTo((60.5 * 54) / 121, 4);
    expect(refined[0]?.previous_mask?.data).toEqual(new Float32Array(8 * 16));
    expect(refined[1]?.previous_mask?.data).toEqual(first.maskLogits.data);
  });

  it('without points fill one slot with padding', async () => {
    const ready = await opened();
    await ready.step({ imageId: 'a', points: [], memory: null, texts: [] });
    expect(fed[0]?.point_labels?.data).toEqual(Float32Array.of(-1));
  });
});

describe('texts', () => {
  const point = { x: 70.5, y: 50.5, label: 1 } as const;
  /** Agrees with the class embedding of query 1. */
  const dog = { tokens: Float32Array.of(1, 2, 3), sentence: Float32Array.of(0, 2) };
  const ask = { imageId: 'a', points: [], texts: [dog], memory: null };

  beforeEach(() => {
    served[''] = JSON.stringify(WITH_TEXT);
  });

  it('have graphs of their own, which clicks neither fetch nor wait for', async () => {
    const ready = await opened();
    await ready.step({ ...ask, points: [point], texts: [] });
    expect(fetched.filter((name) => name.startsWith('general'))).toEqual([]);
    expect(asked).toEqual([]);
    await ready.step(ask);
    await ready.step(ask);
    expect(fetched.filter((name) => name.startsWith('general'))).toHaveLength(2);
    expect(asked).toHaveLength(2);
    expect(generallyPrepared).toBe(1);
  });

  it('share what prepare made for clicks where the graphs are the same', async () => {
    const { prepare } = MANIFEST.graphs;
    const graphs = { ...WITH_TEXT.graphs, general_prepare: { ...prepare, file: 'general_prepare.onnx' } };
    served[''] = JSON.stringify({ ...WITH_TEXT, graphs });
    const ready = await opened();
    await ready.step(ask);
    expect(fetched).not.toContain('general_prepare.onnx');
    expect(asked[0]?.key0).toEqual(tensor([7], 1));
  });

  it('are laid out with all queries, a mask for every memory, and rows of text', async () => {
    const ready = await opened();
    const first = await ready.step(ask);
    await ready.step({ ...ask, points: [point], texts: [dog, dog], memory: first.maskLogits });
    expect(asked[0]?.key0).toEqual(tensor([8], 1));
    expect(asked[0]?.query_index).toEqual({ dims: [2], data: BigInt64Array.of(0n, 1n) });
    expect(asked[0]?.text_tokens).toEqual(tensor([1, 2, 3], 1, 1, 3));
    expect(asked[0]?.attention_bias?.dims).toEqual([1, 5, 6]);
    expect(asked[1]?.text_tokens?.dims).toEqual([1, 2, 3]);
    expect(asked[1]?.previous_mask?.dims).toEqual([1, 2, 8, 16]);
    expect(asked[1]?.previous_mask?.data.slice(8 * 16)).toEqual(first.maskLogits.data);
  });

  it('choose the query that agrees with them', async () => {
    const ready = await opened();
    const { classEmbed, score } = await ready.step(ask);
    expect(classEmbed).toEqual(Float32Array.of(0, 1));
    expect(score).toBeCloseTo(5, 5);
  });

  it('of another width are refused', async () => {
    const ready = await opened();
    const texts = [{ ...dog, tokens: Float32Array.of(1, 2) }];
    expect(await refusalOf(ready.step({ ...ask, texts }))).toMatchObject({ kind: 'model' });
  });

  it('fetch their graphs beforehand, and again after a failure', async () => {
    const ready = await opened();
    const { 'general_step.onnx': kept, ...rest } = FILES;
    served = { '': JSON.stringify(WITH_TEXT), ...rest };
    expect(await refusalOf(ready.fetchText({}))).toMatchObject({ kind: 'http', status: 404 });
    served['general_step.onnx'] = kept;
    await ready.fetchText({});
    const before = fetched.length;
    await ready.step(ask);
    await ready.fetchText({});
    expect(fetched).toHaveLength(before);
  });

  it('whose graphs are missing are refused with the model', async () => {
    served[''] = JSON.stringify({ ...WITH_TEXT, graphs: MANIFEST.graphs });
    const refusal = await refusalOf(engine().load({ modelUrl: MODEL_URL, threads: null }));
    expect(refusal).toMatchObject({ kind: 'model' });
  });
});
