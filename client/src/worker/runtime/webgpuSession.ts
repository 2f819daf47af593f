/**
 * ONNX Runtime on the GPU. Fetched only when it is asked for: a build of its own, with twice the bytes.
 *
 * A graph runs there as a whole or not at all. ONNX Runtime computes sizes that depend on an input's size on the
 * processor, so every session is for inputs of one size, where these are constants.
 */
import * as ort from 'onnxruntime-web/webgpu';
import runtimeModuleUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import runtimeWasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import type { Feeds, Fetches, Graph } from './graph';
import { Objection } from './providers';
import { absolute, fetchesOf, inputsOf } from './ortTensors';

/** Sessions of one graph that are kept: an image or two, with a few numbers of points. */
const MOST_SESSIONS = 6;

type OpenGraph = (bytes: ArrayBuffer) => Promise<Graph>;

/**
 * Find a GPU.
 *
 * @returns what opens graphs on it.
 * @throws Objection when there is none, or only a processor that stands in for one and `allowsSoftware` is false.
 */
export async function startWebGpu(allowsSoftware: boolean): Promise<OpenGraph> {
  // Outside a secure context, and in browsers without WebGPU, the type lies.
  const { gpu } = navigator as { readonly gpu?: GPU };
  const adapter = await gpu?.requestAdapter();
  if (!adapter) throw new Objection('this browser offers no GPU to this page');
  if (adapter.info.isFallbackAdapter && !allowsSoftware) throw new Objection('there is only a software GPU');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { mjs: absolute(runtimeModuleUrl), wasm: absolute(runtimeWasmUrl) };
  ort.env.logLevel = 'error';
  return openGraph;
}

const openGraph: OpenGraph = async (bytes) => {
  const axes = await axesOf(bytes);
  const sessions = new Map<string, Promise<ort.InferenceSession>>();
  const sessionFor = async (feeds: Feeds): Promise<ort.InferenceSession> => {
    const sizes = sizesOf(axes, feeds);
    const key = JSON.stringify(sizes);
    const session = sessions.get(key) ?? openSession(bytes, sizes);
    sessions.delete(key);
    sessions.set(key, session); // the one used last is last
    const [oldest] = sessions;
    if (oldest !== undefined && sessions.size > MOST_SESSIONS) {
      sessions.delete(oldest[0]);
      await (await oldest[1]).release();
    }
    return session;
  };
  return {
    hasFixedSizes: true,
    run: (feeds) => inTurn(async () => run(await sessionFor(feeds), feeds)),
    release: () =>
      inTurn(async () => {
        for (const session of sessions.values()) await (await session).release();
        sessions.clear();
      }),
  };
};

let previous: Promise<unknown> = Promise.resolve();

/** The runtime computes one thing at a time, and refuses a second one. */
function inTurn<T>(act: () => Promise<T>): Promise<T> {
  const turn = previous.then(act, act);
  previous = turn.catch(() => undefined);
  return turn;
}

/** Names of the axes of every input; a number is an axis of that length. */
type Axes = Readonly<Record<string, readonly (number | string)[]>>;

async function axesOf(bytes: ArrayBuffer): Promise<Axes> {
  const session = await inTurn(() =>
    ort.InferenceSession.create(bytes, { executionProviders: ['wasm'], graphOptimizationLevel: 'disabled' }),
  );
  const axes = session.inputMetadata.map((input) => [input.name, input.isTensor ? input.shape : []] as const);
  await session.release();
  return Object.fromEntries(axes);
}

function sizesOf(axes: Axes, feeds: Feeds): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const [input, names] of Object.entries(axes)) {
    names.forEach((name, axis) => {
      const size = feeds[input]?.dims[axis];
      if (typeof name === 'string' && size !== undefined) sizes[name] = size;
    });
  }
  return sizes;
}

const openSession = (
  bytes: ArrayBuffer,
  freeDimensionOverrides: Record<string, number>,
): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(bytes, {
    // In the other layout, convolutions of 3, 6, 9 ... channels come out wrong.
    executionProviders: [{ name: 'webgpu', preferredLayout: 'NCHW' }],
    graphOptimizationLevel: 'all',
    freeDimensionOverrides,
    // An operator that the GPU cannot run is an error, instead of a detour for every click.
    extra: { session: { disable_cpu_ep_fallback: '1' } },
  });

const run = async (session: ort.InferenceSession, feeds: Feeds): Promise<Fetches> =>
  fetchesOf(await session.run(inputsOf(session, feeds, ort.Tensor)));
