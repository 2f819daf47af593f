/** The only file that knows ONNX Runtime. */
import * as ort from 'onnxruntime-web/wasm';
import runtimeModuleUrl from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import runtimeWasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import type { Feeds, Fetches, FloatTensor, Graph, LongTensor } from './graph';

export const PROVIDER = 'wasm';

export interface Threading {
  readonly crossOriginIsolated: boolean;
  readonly hardwareConcurrency: number;
  /** What was asked for, or null. */
  readonly wanted: number | null;
}

const MAX_THREADS = 64;

/**
 * Choose the number of threads, once, before the first graph is opened.
 *
 * Threads need shared memory, which only isolated pages have. Half of the cores, at most four, unless asked
 * otherwise: with more, the short steps of the decoder wait for each other.
 */
export function configureRuntime({ crossOriginIsolated, hardwareConcurrency, wanted }: Threading): number {
  const usual = Math.min(4, Math.ceil(hardwareConcurrency / 2));
  const threads = crossOriginIsolated ? Math.min(Math.max(wanted ?? usual, 1), MAX_THREADS) : 1;
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = { mjs: absolute(runtimeModuleUrl), wasm: absolute(runtimeWasmUrl) };
  ort.env.logLevel = 'error';
  return threads;
}

// The runtime resolves its own files against the address of whichever script asks; an absolute one is safe.
const absolute = (url: string): string => new URL(url, self.location.href).href;

/** Open one graph. */
export async function openGraph(bytes: ArrayBuffer): Promise<Graph> {
  const ortSession = await ort.InferenceSession.create(bytes, {
    executionProviders: [PROVIDER],
    graphOptimizationLevel: 'all',
  });
  return {
    run: async (feeds) => run(ortSession, feeds),
    release: async () => ortSession.release(),
  };
}

/** What the graph does not read is left out: the exporter drops idle inputs. */
async function run(ortSession: ort.InferenceSession, feeds: Feeds): Promise<Fetches> {
  const read = Object.entries(feeds).filter(([name]) => ortSession.inputNames.includes(name));
  const inputs = Object.fromEntries(read.map(([name, tensor]) => [name, toOrt(tensor)]));
  const outputs = await ortSession.run(inputs);
  const fetches: Record<string, FloatTensor> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    if (!(tensor.data instanceof Float32Array))
      throw new Error(`output ${name} is ${tensor.type}, not float32`);
    fetches[name] = { dims: tensor.dims, data: tensor.data };
  }
  return fetches;
}

function toOrt(tensor: FloatTensor | LongTensor): ort.Tensor {
  return tensor.data instanceof Float32Array
    ? new ort.Tensor('float32', tensor.data, tensor.dims)
    : new ort.Tensor('int64', tensor.data, tensor.dims);
}
