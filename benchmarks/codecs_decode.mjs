// node codecs_decode.mjs FOLDER COUNT CODEC...: median milliseconds in which the client reads FOLDER/CODEC.NUMBER,
// as JSON by codec. The client's sources are bundled first, as for the page.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const client = join(dirname(fileURLToPath(import.meta.url)), '..', 'client');
const require = createRequire(join(client, 'package.json'));
const { build } = await import(pathToFileURL(require.resolve('vite')).href);

const [folder, count, ...codecs] = process.argv.slice(2);
const ROUNDS = 7;

async function clientCode() {
  const entry = join(folder, 'entry.js');
  const codec = (file) => JSON.stringify(join(client, 'src', 'codec', file));
  writeFileSync(
    entry,
    `export { unpackEmbedding } from ${codec('unpack.ts')};
     export { dequantise } from ${codec('dequantise.ts')};`,
  );
  const outDir = join(folder, 'client');
  const lib = { entry, formats: ['es'], fileName: () => 'codec.mjs' };
  await build({ configFile: false, logLevel: 'silent', root: folder, build: { outDir, lib } });
  return import(pathToFileURL(join(outDir, 'codec.mjs')).href);
}

const { unpackEmbedding, dequantise } = await clientCode();

function milliseconds(bytes) {
  const began = performance.now();
  const read = unpackEmbedding(bytes);
  if (!read.ok) throw new Error(read.error.message);
  for (const tensor of read.value.tensors) dequantise(tensor);
  return performance.now() - began;
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

const files = codecs.flatMap((codec) =>
  Array.from({ length: Number(count) }, (_, number) => ({
    codec,
    bytes: new Uint8Array(readFileSync(join(folder, `${codec}.${number}`))),
  })),
);
const samples = Object.fromEntries(codecs.map((codec) => [codec, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const { codec, bytes } of files) {
    const taken = milliseconds(bytes);
    if (round > 0) samples[codec].push(taken); // the first round compiles
  }
}
const result = Object.entries(samples).map(([codec, taken]) => [codec, Number(median(taken).toFixed(2))]);
console.log(JSON.stringify(Object.fromEntries(result)));
