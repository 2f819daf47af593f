/** Photos with every mark of orientation: what both browsers show is what the server reads and the command line segments. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CocoRle } from '../src/shared/types';
import { launchBrowser, PageUnderTest, samplePath } from './browser';
import { launchFirefox } from './firefox';
import { iou } from './masks';
import { PYTHON, REPOSITORY, run, splitseem, startServer, type Running } from './programs';
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

/** The coffee sample, turned and marked in each container, by the script that writes the marked photos. */
const MARKED_COFFEE = `
import sys
sys.path.insert(0, "tests/contract")
from marked_photos import exif
from PIL import Image
photo, folder = Image.open(sys.argv[1]).convert("RGB"), sys.argv[2]
photo.save(f"{folder}/coffee-8.tiff", tiffinfo={274: 8}, compression="tiff_lzw")
photo.save(f"{folder}/coffee-long-3.jpeg", quality=90, exif=b"Exif\\0\\0" + exif(3, 4))
photo.save(f"{folder}/coffee-6.webp", quality=90, exif=exif(6))
photo.save(f"{folder}/coffee-5", "JPEG", quality=90, exif=b"Exif\\0\\0" + exif(5))
`;
const COFFEES = ['coffee-8.tiff', 'coffee-long-3.jpeg', 'coffee-6.webp', 'coffee-5'];

describe('a click on what is shown of a marked photo', () => {
  it('gives the mask of the command line at that place', { timeout: 10 * MINUTES }, async () => {
    await run([PYTHON], ['-c', MARKED_COFFEE, samplePath('coffee.jpg'), folder]);
    const browser = await launchBrowser();
    try {
      for (const name of COFFEES) {
        const user = new PageUnderTest(await browser.newPage());
        await user.page.goto(server.url);
        await user.waitForDecoder();
        await user.openFile(join(folder, name));
        await user.waitForEmbedding();
        expect(await iouWithCommandLine(user, name), name).toBeGreaterThan(0.97);
        await user.page.close();
      }
    } finally {
      await browser.close();
    }
  });
});

async function iouWithCommandLine(user: PageUnderTest, name: string): Promise<number> {
  const { mask, prompts } = await user.click({ x: 0.45, y: 0.4 });
  const [click] = prompts;
  if (mask === null || click?.kind !== 'click') throw new Error('the click gave no mask');
  const out = join(folder, 'reference.json');
  await splitseem('segment', join(folder, name), '--point', `${click.x},${click.y}`, '-o', out);
  return iou(mask, JSON.parse(readFileSync(out, 'utf8')) as CocoRle);
}
