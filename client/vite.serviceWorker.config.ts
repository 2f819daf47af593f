/**
 * `dist/serviceWorker.js`: the service worker in one file, since not all browsers take modules there, with the list of
 * all files of the page beside it. Another page in another folder: PAGE=FOLDER.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { defineConfig } from 'vite';
import type { PageFile } from './src/serviceWorker/pageFiles';

const page = process.env.PAGE ?? 'dist';

/** Compressed copies, the worker itself, and what no page reads. */
const LEFT_OUT = /^br\/|\.(gz|md|map)$|^serviceWorker\.js$/;
/** The runtime of `?provider=webgpu`, 27 MB, is kept once it was used. */
const LATER = '.asyncify-';

function filesOf(folder: string): PageFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !LEFT_OUT.test(path))
    .toSorted()
    .map((path) => ({
      path: path === 'index.html' ? '' : path,
      sha256: createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
      isAhead: !path.includes(LATER),
    }));
}

const files = filesOf(page);
const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);

export default defineConfig({
  publicDir: false,
  define: { PAGE_FILES: JSON.stringify(files), PAGE_VERSION: JSON.stringify(version) },
  build: {
    target: 'es2022',
    outDir: page,
    emptyOutDir: false,
    lib: {
      entry: 'src/serviceWorker/main.ts',
      formats: ['iife'],
      name: 'serviceWorker',
      fileName: () => 'serviceWorker.js',
    },
  },
});
