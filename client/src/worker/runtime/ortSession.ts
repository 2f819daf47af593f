/** ONNX Runtime on the processor: the build that every page fetches. */
import * as ort from 'onnxruntime-web/wasm';
import runtimeModuleUrl from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import runtimeWasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import type { Graph } from './graph';
import { absolute, fetchesOf, inputsOf } from './ortTensors';

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

/** Open one graph. */
export async function openGraph(bytes: ArrayBuffer): Promise<Graph> {
  const ortSession = await ort.InferenceSession.create(bytes, {
    executionProviders: [PROVIDER],
    graphOptimizationLevel: 'all',
  });
  return {
    inputs: ortSession.inputNames,
    run: async (feeds) => fetchesOf(await ortSession.run(inputsOf(ortSession, feeds, ort.Tensor))),
    release: async () => ortSession.release(),
  };
}
