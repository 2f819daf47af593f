/** What `vite build` leaves out of `package/dist`: types and licence; then the sizes are printed. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';

const CLIENT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = join(CLIENT, 'src');
const PACKAGE = join(CLIENT, 'package');
const TYPES = join(PACKAGE, 'dist/types');
const ENTRIES = ['pieces/index.ts', 'pieces/element.ts'];

/** Another module of ours, in a declaration. */
const IMPORT = /(\bfrom |\bimport\()'(\.[^']*)'/g;

/** The declaration of every module, by its path without ending. */
function declarations() {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };
  const parsed = ts.getParsedCommandLineOfConfigFile(join(CLIENT, 'tsconfig.main.json'), {}, host);
  if (parsed === undefined) throw new Error('tsconfig.main.json cannot be read');
  const options = {
    ...parsed.options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    noCheck: true,
  };
  const types = join(CLIENT, 'node_modules/vite/client.d.ts');
  const roots = [...ENTRIES.map((entry) => join(SOURCE, entry)), types];
  const program = ts.createProgram(roots, { ...options, rootDir: SOURCE, outDir: TYPES });
  /** @type {Map<string, string>} */
  const written = new Map();
  program.emit(undefined, (path, text) => written.set(path.replace(/\.d\.ts$/, ''), text));
  return written;
}

/** What entries lead to, and nothing else. */
function writeTypes() {
  const all = declarations();
  const waiting = ENTRIES.map((entry) => join(TYPES, entry.replace(/\.ts$/, '')));
  /** @type {Set<string>} */
  const done = new Set();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (done.has(path)) continue;
    done.add(path);
    const text = all.get(path);
    if (text === undefined) throw new Error(`no types of ${relative(TYPES, path)}`);
    for (const [, , imported = ''] of text.matchAll(IMPORT)) waiting.push(resolve(dirname(path), imported));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.d.ts`, text.replace(IMPORT, "$1'$2.js'"));
  }
  return done.size;
}

/** @param {string} name */
function sizeOf(name) {
  const bytes = readFileSync(join(PACKAGE, 'dist', name));
  return { name, kB: bytes.length / 1000, gzip: gzipSync(bytes).length / 1000 };
}

function main() {
  const types = writeTypes();
  for (const name of ['LICENSE', 'NOTICE']) copyFileSync(join(CLIENT, '..', name), join(PACKAGE, name));
  const files = readdirSync(join(PACKAGE, 'dist'), { withFileTypes: true });
  const sizes = files.filter((file) => file.isFile()).map(({ name }) => sizeOf(name));
  const row = (/** @type {ReturnType<typeof sizeOf>} */ { name, kB, gzip }) =>
    `${name.padEnd(32)}${kB.toFixed(1).padStart(10)} kB${gzip.toFixed(1).padStart(10)} kB by gzip`;
  const sum = (/** @type {'kB' | 'gzip'} */ key) => sizes.reduce((total, size) => total + size[key], 0);
  console.log([...sizes, { name: 'together', kB: sum('kB'), gzip: sum('gzip') }].map(row).join('\n'));
  console.log(`${types} files of types`);
}

main();
