/**
 * What `Everything` of the page shows, by the page's own engine under node, on one thread:
 * `node everything.js JOB.json RESULT.json`. `benchmarks/everything_page.py` writes the job and reads the result.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as ort from 'onnxruntime-web/wasm';
import type { CocoRle } from '../src/shared/types';
import { Engine } from '../src/worker/engine';
import type { Graph } from '../src/worker/runtime/graph';
import { fetchesOf, inputsOf } from '../src/worker/runtime/ortTensors';

interface Job {
  /** Folder of the exported decoder. */
  readonly decoder: string;
  /** Files of embeddings. */
  readonly embeddings: readonly string[];
}

interface Shown {
  readonly masks: readonly CocoRle[];
  /** Of processor time. */
  readonly seconds: number;
}

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** The decoder's files come from its folder, whose address is that of the manifest. */
globalThis.fetch = (url) => {
  const path = fileURLToPath(url as string);
  const file = statSync(path).isDirectory() ? join(path, 'manifest.json') : path;
  return Promise.resolve(new Response(readFileSync(file)));
};

async function openGraph(bytes: ArrayBuffer): Promise<Graph> {
  const session = await ort.InferenceSession.create(bytes, { graphOptimizationLevel: 'all' });
  return {
    inputs: session.inputNames,
    run: async (feeds) => fetchesOf(await session.run(inputsOf(session, feeds, ort.Tensor))),
    release: async () => session.release(),
  };
}

async function shownIn(engine: Engine, file: string): Promise<Shown> {
  const bytes = readFileSync(file);
  await engine.open({ imageId: file, bytes: Uint8Array.from(bytes).buffer });
  const began = process.cpuUsage();
  const proposals = await engine.everything({ imageId: file });
  const { user, system } = process.cpuUsage(began);
  await engine.close({ imageId: file });
  return { masks: proposals.map(({ result }) => result.mask), seconds: (user + system) / 1e6 };
}

const [jobFile = '', resultFile = ''] = process.argv.slice(2);
const { decoder, embeddings } = JSON.parse(readFileSync(jobFile, 'utf8')) as Job;
const engine = new Engine({
  provider: 'wasm',
  crossOriginIsolated: false,
  configure: () => ({ threads: 1, note: null }),
  openGraph,
  startWebGpu: () => Promise.reject(new Error('this runs on the processor')),
});
await engine.load({ modelUrl: pathToFileURL(decoder).href, threads: null });
const results: Shown[] = [];
for (const file of embeddings) results.push(await shownIn(engine, file));
writeFileSync(resultFile, JSON.stringify(results));
