/**
 * Times graphs in onnxruntime-web's WebAssembly runtime under node, on one thread: the runtime of the browser without
 * the browser. `node decoder_wasm.mjs JOB.json RESULT.json`; decoder_graphs.py writes the job.
 *
 * The graphs take turns, so that what else the machine does falls on all of them alike, and processor time is
 * counted: on one thread of an idle machine it is the time that passes.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const ort = createRequire(join(here, '..', 'client', 'package.json'))('onnxruntime-web/wasm');

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const ARRAYS = { float32: Float32Array, int64: BigInt64Array };

async function open({ name, file, inputs, options }) {
  const bytes = await readFile(file);
  const feeds = {};
  for (const [input, { dtype, dims, data }] of Object.entries(inputs)) {
    const { buffer, byteOffset, byteLength } = await readFile(data);
    feeds[input] = new ort.Tensor(dtype, new ARRAYS[dtype](buffer.slice(byteOffset, byteOffset + byteLength)), dims);
  }
  const create = async () => ort.InferenceSession.create(bytes, { graphOptimizationLevel: 'all', ...options });
  const starts = [];
  let session;
  for (let round = 0; round < STARTS; round += 1) {
    await session?.release();
    starts.push(await spent(async () => void (session = await create())));
  }
  return { name, session, feeds, sessionMs: Math.min(...starts), samples: [] };
}

/** Of which the first pays for the runtime. */
const STARTS = 4;
/** Runs before the timed ones: the engine compiles what is called often a second time. */
const WARM_UP = 10;

/** Milliseconds of processor time. */
async function spent(work) {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e3;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const { graphs, repeats } = JSON.parse(await readFile(process.argv[2], 'utf8'));
const opened = [];
for (const graph of graphs) opened.push(await open(graph));
for (let round = -WARM_UP; round < repeats; round += 1) {
  for (const { session, feeds, samples } of opened) {
    const milliseconds = await spent(async () => session.run(feeds));
    if (round >= 0) samples.push(milliseconds);
  }
}
const rounded = (value) => Math.round(value * 100) / 100;
const results = opened.map(({ name, sessionMs, samples }) => ({
  name,
  session_ms: rounded(sessionMs),
  median_ms: rounded(median(samples)),
  min_ms: rounded(Math.min(...samples)),
}));
await writeFile(process.argv[3], JSON.stringify(results));
