/**
 * The package as npm would publish it, by those who check packages; `npm run package` makes it. publint: whether files
 * and entries fit (0.3 MB); attw: whether compilers find the types (27 MB, most of it a compiler of its own).
 */
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, it } from 'vitest';
import page from '../../package.json' with { type: 'json' };
import manifest from '../../package/package.json' with { type: 'json' };

const PACKAGE = fileURLToPath(new URL('../../package', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'splitseem-package-'));
let packed: Uint8Array;
let files: readonly string[];

beforeAll(() => {
  const said = execFileSync('npm', ['pack', '--json', '--offline', '--pack-destination', folder], {
    cwd: PACKAGE,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, files: listed }] = JSON.parse(said) as [{ filename: string; files: { path: string }[] }];
  files = listed.map(({ path }) => path);
  packed = readFileSync(join(folder, filename));
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

it('has nothing that publint objects to', async () => {
  const tarball = packed.buffer.slice(
    packed.byteOffset,
    packed.byteOffset + packed.byteLength,
  ) as ArrayBuffer;
  expect((await publint({ pack: { tarball }, strict: true })).messages).toEqual([]);
});

it('has types that every way of importing ES modules finds', async () => {
  const found = await checkPackage(createPackageFromTarballData(packed));
  // It is no CommonJS, and has no files for the resolution of Node 10.
  const ways = ['node16-esm', 'bundler'];
  const problems = found.types === false ? ['no types'] : found.problems;
  const counted = problems.filter(
    (problem) =>
      typeof problem === 'string' || !('resolutionKind' in problem) || ways.includes(problem.resolutionKind),
  );
  expect(counted).toEqual([]);
});

it('holds what it needs and nothing else, in the version of the page', () => {
  expect(manifest.version).toBe(page.version);
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'NOTICE', 'README.md', 'dist/worker.js']));
  const others = files.filter((path) => !/^dist\/|^(LICENSE|NOTICE|README\.md|package\.json)$/.test(path));
  expect(others).toEqual([]);
  expect(packed.length).toBeLessThan(5e6);
});
