/** The ways to run a contender: a graph on drawn inputs, or the whole click of the page. */
import * as ort from 'onnxruntime-web/wasm';
import { Engine } from '../../src/worker/engine';
import { openGraph, PROVIDER } from '../../src/worker/runtime/ortSession';
import type { Contender, Feed } from '../plan';

/** Run once; milliseconds by part. */
export type Timed = () => Promise<Readonly<Record<string, number>>>;

const WARM_UPS = 2;
const SIGNAL = new AbortController().signal;

/** 20 Mbit/s. */
const BYTES_PER_MILLISECOND = 2500;
const PART_BYTES = 1 << 16;

export async function openContender(contender: Contender): Promise<Timed> {
  const timed = contender.embedding === null ? await openRun(contender) : await openClick(contender);
  for (let i = 0; i < WARM_UPS; i++) await timed();
  return timed;
}

async function openRun({ file, feeds, products }: Contender): Promise<Timed> {
  const session = await open(file, 'all');
  const ceiling = products === null ? null : await open(products, 'disabled');
  const inputs = Object.fromEntries(feeds.map((feed) => [feed.name, draw(feed)]));
  return async () => ({
    run: await duration(() => session.run(inputs)),
    ...(ceiling && { products: await duration(() => ceiling.run({})) }),
  });
}

/** The engine of the page, from the manifest to the run lengths of the mask; the second click of an object. */
async function openClick({ file, embedding }: Contender): Promise<Timed> {
  const engine = new Engine({
    provider: PROVIDER,
    crossOriginIsolated,
    configure: () => ({ threads: ort.env.wasm.numThreads ?? 1, note: null }),
    openGraph,
    startWebGpu: () => Promise.reject(new Error('the benchmark runs on the processor')),
  });
  await engine.load({ modelUrl: new URL(file, location.origin).href, threads: null });
  const packed = await fetchBytes(embedding ?? '');
  const imageId = 'photo';
  const open = () => engine.open({ imageId, bytes: packed.slice(0) });
  const { geometry } = await open();
  const [height, width] = geometry.original_hw;
  const points = [
    { x: 0.42 * width, y: 0.7 * height, label: 1 },
    { x: 0.45 * width, y: 0.22 * height, label: 1 },
  ] as const;
  const first = await engine.step({ imageId, points: points.slice(0, 1), texts: [], memory: null });
  let isFirst = true;
  return async () => {
    // It takes seconds, so not in every round.
    const all = isFirst
      ? {}
      : { everything: await duration(() => engine.everything({ imageId }, SIGNAL, () => undefined)) };
    isFirst = !isFirst;
    const opening = await duration(open);
    const started = performance.now();
    const { timings } = await engine.step({ imageId, points, texts: [], memory: first.maskLogits });
    const run = performance.now() - started;
    const opened = open();
    const whileOpening = await duration(() =>
      engine.step({ imageId, points, texts: [], memory: first.maskLogits }),
    );
    const { longestSliceMilliseconds } = await opened;
    await arrive(packed, async (bytes, at) => engine.receive({ imageId, bytes, at }));
    const parts = {
      ...{ open: opening, 'open, received': await duration(open), 'while opening': whileOpening },
      'longest slice': longestSliceMilliseconds,
    };
    return { run, ...parts, ...all, ...timings };
  };
}

/** Bytes as they come over a network. */
async function arrive(
  packed: ArrayBuffer,
  receive: (bytes: ArrayBuffer, at: number) => Promise<unknown>,
): Promise<void> {
  const started = performance.now();
  for (let at = 0; at < packed.byteLength; at += PART_BYTES) {
    const wait = started + (at + PART_BYTES) / BYTES_PER_MILLISECOND - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    await receive(packed.slice(at, at + PART_BYTES), at);
  }
}

async function duration(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await call();
  return performance.now() - started;
}

async function open(file: string, graphOptimizationLevel: 'all' | 'disabled'): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(await fetchBytes(file), {
    executionProviders: ['wasm'],
    graphOptimizationLevel,
  });
}

async function fetchBytes(file: string): Promise<ArrayBuffer> {
  const response = await fetch(new URL(file, location.origin));
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response.arrayBuffer();
}

function draw({ name, dtype, dims }: Feed): ort.Tensor {
  const count = dims.reduce((product, size) => product * size, 1);
  if (dtype === 'int64') return new ort.Tensor('int64', new BigInt64Array(count).fill(1n), dims);
  const data = new Float32Array(count);
  if (name === 'point_labels') return new ort.Tensor('float32', data.fill(1), dims);
  // Uniform with unit variance; a bias is zero, so that everything is open.
  if (name !== 'attention_bias') data.forEach((_, i) => (data[i] = Math.sqrt(12) * (Math.random() - 0.5)));
  return new ort.Tensor('float32', data, dims);
}
