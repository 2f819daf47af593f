/** ONNX Runtime on the processor: the build that every page fetches. */
import * as ort from 'onnxruntime-web/wasm';
import runtimeModuleUrl from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import runtimeWasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import type { DownloadOptions } from '../../api/download';
import type { Graph } from './graph';
import { absolute, fetchesOf, inputsOf } from './ortTensors';
import { answerOnce, fetchRuntime } from './runtimeFile';

export const PROVIDER = 'wasm';

export interface Threading {
  readonly crossOriginIsolated: boolean;
  readonly hardwareConcurrency: number;
  /** What was asked for, or null. */
  readonly wanted: number | null;
}

const MAX_THREADS = 64;

/** How many threads there are, and why not more where that may surprise; null where it may not. */
export interface Threads {
  readonly threads: number;
  readonly note: string | null;
}

/**
 * Choose the number of threads.
 *
 * Threads need shared memory, which only isolated pages have. Half of the cores, at most four, unless asked
 * otherwise: with more, the short steps of the decoder wait for each other and for the page.
 */
export function chooseThreads({ crossOriginIsolated, hardwareConcurrency, wanted }: Threading): Threads {
  if (!crossOriginIsolated) return { threads: 1, note: 'page not cross-origin isolated' };
  if (wanted !== null) {
    return { threads: Math.min(Math.max(wanted, 1), MAX_THREADS), note: 'as the address asks' };
  }
  const threads = Math.min(4, Math.max(1, Math.ceil(hardwareConcurrency / 2)));
  const cores = hardwareConcurrency === 1 ? 'one core' : `${hardwareConcurrency} cores`;
  const rest = hardwareConcurrency === 1 ? 'there is no other' : 'the rest is left to the page';
  return { threads, note: threads === 1 ? `of ${cores}; ${rest}` : `of ${cores}` };
}

/** Settle the threads, once, before the first graph is opened. */
export function configureRuntime(threading: Threading): Threads {
  const chosen = chooseThreads(threading);
  ort.env.wasm.numThreads = chosen.threads;
  ort.env.wasm.wasmPaths = { mjs: absolute(runtimeModuleUrl), wasm: absolute(runtimeWasmUrl) };
  ort.env.logLevel = 'error';
  return chosen;
}

/** Fetch the runtime, which the first graph needs. */
export async function fetchRuntimeFile(options: DownloadOptions): Promise<void> {
  const url = absolute(runtimeWasmUrl);
  answerOnce(url, await fetchRuntime(url, options));
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
