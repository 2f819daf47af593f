/**
 * Compress the files of a built client ahead: `node scripts/compress.js FOLDER`. By brotli below FOLDER/br, by gzip
 * beside each file. What hardly becomes smaller stays as it is.
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join, relative } from 'node:path';
import { argv } from 'node:process';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const SUFFIXES = new Set([
  '.html',
  '.js',
  '.mjs',
  '.css',
  '.json',
  '.wasm',
  '.svg',
  '.webmanifest',
  '.map',
  '.txt',
]);
const LEAST_BYTES = 256;
const BROTLI = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
  },
};

/** @param {string} folder */
async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** @param {string} path @param {Buffer} content */
async function write(path, content) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** @param {string} folder @param {string} file */
async function compress(folder, file) {
  const content = await readFile(file);
  if (content.length < LEAST_BYTES || !SUFFIXES.has(extname(file))) return null;
  const name = relative(folder, file);
  const [byBrotli, byGzip] = await Promise.all([
    promisify(brotliCompress)(content, BROTLI),
    promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }),
  ]);
  if (byGzip.length > 0.9 * content.length) return null;
  await Promise.all([write(join(folder, 'br', name), byBrotli), write(`${file}.gz`, byGzip)]);
  return `${name}: ${content.length} bytes, gzip ${byGzip.length}, brotli ${byBrotli.length}`;
}

const [, , folder] = argv;
if (folder === undefined) throw new Error('usage: node scripts/compress.js FOLDER');
await rm(join(folder, 'br'), { recursive: true, force: true });
const files = (await filesBelow(folder)).filter((file) => !file.endsWith('.gz'));
const lines = await Promise.all(files.map((file) => compress(folder, file)));
console.log(lines.filter((line) => line !== null).join('\n'));
