/**
 * The package as npm would publish it, by those who check packages; `npm run package` makes it. publint: whether files
 * and entries fit (0.3 MB); attw: whether compilers find the types (27 MB, most of it a compiler of its own).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import page from '../../package.json' with { type: 'json' };
import manifest from '../../package/package.json' with { type: 'json' };

/** What is used of publint. */
interface Publint {
  readonly publint: (options: {
    pack: { tarball: ArrayBuffer };
    strict: boolean;
  }) => Promise<{ messages: unknown[] }>;
}

/** What is used of attw. */
interface Attw {
  createPackageFromTarballData(tarball: Uint8Array): unknown;
  checkPackage(packed: unknown): Promise<{
    readonly types: unknown;
    readonly problems: readonly { readonly kind: string; readonly resolutionKind?: string }[];
  }>;
}

// By names that are not looked up when types are checked, as in `firefox.ts`.
const load = (name: string): Promise<unknown> => import(/* @vite-ignore */ name);

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
  const { publint } = (await load('publint')) as Publint;
  expect((await publint({ pack: { tarball }, strict: true })).messages).toEqual([]);
});

it('has types that every way of importing ES modules finds', async () => {
  const attw = (await load('@arethetypeswrong/core')) as Attw;
  const { types, problems } = await attw.checkPackage(attw.createPackageFromTarballData(packed));
  expect(types).toBeTruthy();
  // It is no CommonJS, and has no files for the resolution of Node 10.
  const others = ['node10', 'node16-cjs'];
  expect(problems.filter(({ resolutionKind = '' }) => !others.includes(resolutionKind))).toEqual([]);
});

it('holds what it needs and nothing else, in the version of the page', () => {
  expect(manifest.version).toBe(page.version);
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'NOTICE', 'README.md', 'dist/worker.js']));
  const others = files.filter((path) => !/^dist\/|^(LICENSE|NOTICE|README\.md|package\.json)$/.test(path));
  expect(others).toEqual([]);
  expect(packed.length).toBeLessThan(5e6);
});
