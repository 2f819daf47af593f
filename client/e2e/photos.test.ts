/** Photos with every mark of orientation: what both browsers show is what the server reads and the command line segments. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser';
import { launchFirefox } from './firefox';
import { PYTHON, REPOSITORY, run, startServer, type Running } from './programs';
import { colourOfBlocks, holdEmbeddings } from './shownBlocks';

/** Blocks differ by more than 90 in some channel; JPEG, AVIF and palettes round. */
const MOST_DIFFERENCE = 14;
const MINUTES = 60_000;

type Blocks = readonly (readonly (readonly number[])[])[];
interface MarkedPhoto {
  readonly name: string;
  readonly colours: Blocks;
}

const folder = mkdtempSync(join(tmpdir(), 'splitseem-photos-'));
const running: Pick<Running, 'stop'>[] = [];
let server: Running;
let photos: readonly MarkedPhoto[];

beforeAll(async () => {
  await run([PYTHON], [join(REPOSITORY, 'tests/contract/marked_photos.py'), folder]);
  photos = JSON.parse(readFileSync(join(folder, 'photos.json'), 'utf8')) as MarkedPhoto[];
  server = await startServer([]);
  running.push(server);
}, MINUTES);

afterAll(async () => {
  for (const program of running.reverse()) await program.stop();
  rmSync(folder, { recursive: true });
});

function expectRule(shown: ReadonlyMap<string, Blocks | string>): void {
  expect(photos.length).toBeGreaterThan(100);
  const wrong = photos
    .filter(({ name, colours }) => !isNear(shown.get(name), colours))
    .map(({ name }) => name);
  expect(wrong).toEqual([]);
}

function isNear(seen: Blocks | string | undefined, wanted: Blocks): boolean {
  if (seen === undefined || typeof seen === 'string') return false;
  const [a, b] = [seen.flat(2), wanted.flat(2)];
  const sameShape = seen.length === wanted.length && a.length === b.length;
  return sameShape && a.every((value, n) => Math.abs(value - (b[n] ?? NaN)) <= MOST_DIFFERENCE);
}

const pathsOf = (): string[] => photos.map(({ name }) => join(folder, name));

describe('a photo with marks of any kind', () => {
  it('is shown in Chromium as the rule says', { timeout: 5 * MINUTES }, async () => {
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(server.url);
      await page.evaluate(holdEmbeddings);
      await page.locator('input[type=file]').first().setInputFiles(pathsOf());
      expectRule(new Map(await page.evaluate(colourOfBlocks, photos.length)));
    } finally {
      await browser.close();
    }
  });

  it('is shown in Firefox as the rule says', { timeout: 5 * MINUTES }, async () => {
    const browser = await launchFirefox();
    try {
      const page = await browser.newPage();
      await page.goto(server.url);
      await page.evaluate(holdEmbeddings);
      const input = await page.$('input[type=file]');
      await input?.uploadFile(...pathsOf());
      expectRule(new Map(await page.evaluate(colourOfBlocks, photos.length)));
    } finally {
      await browser.close();
    }
  });
});
