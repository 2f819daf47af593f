/**
 * Photos with every mark of orientation, and with pixels of every kind: what both browsers show is what the server
 * reads and the command line segments. Of the marked photos every third is tried; with E2E_SLOW=1 all of them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CocoRle, ProjectObject } from '../src/shared/types';
import { samplePath } from './browser';
import { launchFirefox } from './firefox';
import { centroid, iou } from './masks';
import { PYTHON, REPOSITORY, run, splitseem } from './programs';
import { colourOfBlocks, holdEmbeddings } from './shownBlocks';
import { useStage } from './stage';

/** Blocks differ by more than 90 in some channel; JPEG, AVIF and palettes round. */
const MOST_DIFFERENCE = 14;
const MINUTES = 60_000;
const EVERY = process.env.E2E_SLOW === '1' ? 1 : 3;

type Blocks = readonly (readonly (readonly number[])[])[];
/** What is to be shown in the middle of the blocks of a photo. */
interface PhotoOfBlocks {
  readonly name: string;
  readonly colours: Blocks;
}

const stage = useStage();
const { folder } = stage;
let photos: readonly PhotoOfBlocks[];

beforeAll(async () => {
  await run([PYTHON], [join(REPOSITORY, 'tests/contract/marked_photos.py'), folder]);
  await run([PYTHON], [join(REPOSITORY, 'tests/contract/pixel_photos.py'), folder]);
  const [marked = [], pixels = []] = ['photos.json', 'pixels.json'].map(
    (list) => JSON.parse(readFileSync(join(folder, list), 'utf8')) as PhotoOfBlocks[],
  );
  photos = [...marked.filter((_, index) => index % EVERY === 0), ...pixels];
}, MINUTES);

function expectRule(shown: ReadonlyMap<string, Blocks | string>): void {
  expect(photos.length).toBeGreaterThan(80);
  const wrong = photos.filter(({ name, colours }) => !isNear(shown.get(name), colours));
  expect(
    wrong.map(({ name, colours }) => `${name}: ${String(shown.get(name))} for ${String(colours)}`),
  ).toEqual([]);
}

function isNear(seen: Blocks | string | undefined, wanted: Blocks): boolean {
  if (seen === undefined || typeof seen === 'string') return false;
  const [a, b] = [seen.flat(2), wanted.flat(2)];
  const sameShape = seen.length === wanted.length && a.length === b.length;
  return sameShape && a.every((value, n) => Math.abs(value - (b[n] ?? NaN)) <= MOST_DIFFERENCE);
}

const pathsOf = (): string[] => photos.map(({ name }) => join(folder, name));

// Each browser leaves a core of two idle.
describe.concurrent('a photo with any mark, and of any kind of pixels', () => {
  it('is shown in Chromium as the server reads it', { timeout: 5 * MINUTES }, async () => {
    // No user of the stage, whose pages are closed when any test ends.
    const page = await stage.browser.newPage();
    await page.goto(stage.url);
    await page.evaluate(holdEmbeddings);
    await page.locator('input[type=file]').first().setInputFiles(pathsOf());
    expectRule(new Map(await page.evaluate(colourOfBlocks, photos.length)));
    await page.context().close();
  });

  it('is shown in Firefox as the server reads it', { timeout: 5 * MINUTES }, async () => {
    const browser = await launchFirefox();
    try {
      const page = await browser.newPage();
      await page.goto(stage.url);
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
    const shown = [];
    for (const name of COFFEES) {
      const user = await stage.visit();
      await user.openFile(join(folder, name));
      await user.waitForEmbedding();
      const { mask, prompts } = await user.click({ x: 0.45, y: 0.4 });
      shown.push({ name, mask, prompts });
      await user.page.close();
    }
    const ious = shown.map(async (click) => [click.name, await iouWithCommandLine(click)] as const);
    for (const [name, overlap] of await Promise.all(ious)) expect(overlap, name).toBeGreaterThan(0.97);
  });
});

type Clicked = Pick<ProjectObject, 'mask' | 'prompts'> & { readonly name: string };

async function iouWithCommandLine({ name, mask, prompts }: Clicked): Promise<number> {
  const [click] = prompts;
  if (mask === null || click?.kind !== 'click') throw new Error('the click gave no mask');
  const out = join(folder, `${name}.json`);
  await splitseem('segment', join(folder, name), '--point', `${click.x},${click.y}`, '-o', out);
  return iou(mask, JSON.parse(readFileSync(out, 'utf8')) as CocoRle);
}

/** Of more pixels than the server takes, with a disc. */
const LARGE = `
import sys
from PIL import Image, ImageDraw
photo = Image.new("RGB", (8200, 8000), (40, 60, 90))
ImageDraw.Draw(photo).ellipse((1660, 4000, 3260, 5600), fill=(220, 200, 40))
photo.save(sys.argv[1], compress_level=1)
`;

describe('a photo of more than 64 megapixels', () => {
  it(
    'is said to be read, opened smaller, and has its mask where it was clicked',
    { timeout: 5 * MINUTES },
    async () => {
      const path = join(folder, 'large.png');
      await run([PYTHON], ['-c', LARGE, path]);
      const user = await stage.visit();
      await user.openFile(path);
      await user.page.getByText('Reading large.png').waitFor();
      await user.status.getByText('has 8200 x 8000 pixels and is opened').waitFor();
      expect(await user.page.getByText('Reading large.png').count()).toBe(0);
      await user.waitForEmbedding();
      const { mask } = await user.click({ x: 0.3, y: 0.6 });
      const [image] = (await user.project()).images;
      expect(image?.size_hw).toEqual([7901, 8099]);
      expect(mask?.size).toEqual(image?.size_hw);
      const middle = mask && centroid(mask);
      expect(Math.hypot((middle?.x ?? 1) - 0.3, (middle?.y ?? 1) - 0.6)).toBeLessThan(0.01);
    },
  );
});

/** Discs in photos of odd, tiny, wide, tall and turned shapes; on which part of the shown photo each one's middle lies. */
const SHAPES = `
import json, sys
sys.path.insert(0, "tests/contract")
from marked_photos import exif
from PIL import Image, ImageDraw
places = {}
for name, (width, height), (x, y), radius, turn in (
    ("odd.png", (333, 251), (120.5, 90.5), 41, 1),
    ("tiny.png", (8, 8), (4, 4), 2, 1),
    ("wide.png", (12000, 800), (8500, 380), 210, 1),
    ("tall.png", (300, 4001), (140, 2900), 95, 1),
    ("turned.jpg", (901, 640), (300, 210), 90, 6),
):
    photo = Image.new("RGB", (width, height), (40, 60, 90))
    drawn = (round(x - radius), round(y - radius), round(x + radius) - 1, round(y + radius) - 1)
    ImageDraw.Draw(photo).ellipse(drawn, fill=(220, 200, 40))
    places[name] = (x / width, y / height) if turn == 1 else (1 - y / height, x / width)
    photo.save(f"{sys.argv[1]}/{name}", **({} if turn == 1 else {"quality": 95, "exif": b"Exif\\0\\0" + exif(turn)}))
print(json.dumps(places))
`;

/** Of the sides of a photo. */
const MOST_BESIDE = 0.01;

describe('an object in a photo of any shape, clicked at its middle', () => {
  it('has its mask there, also in exports and after a reload', { timeout: 5 * MINUTES }, async () => {
    const said = await run([PYTHON], ['-c', SHAPES, folder]);
    const places = Object.entries(JSON.parse(said) as Record<string, [number, number]>);
    const user = await stage.visit();
    for (const [index, [name, [x, y]]] of places.entries()) {
      await user.openFile(join(folder, name));
      await expect.poll(async () => (await user.project()).images.length).toBe(index + 1);
      await user.waitForEmbedding();
      await user.click({ x, y });
    }
    const { images } = await user.project();
    const shown = images.map(({ objects }) => objects[0]?.mask ?? null);
    for (const [index, [name, [x, y]]] of places.entries()) {
      const mask = shown[index];
      const middle = mask && centroid(mask);
      expect(Math.hypot((middle?.x ?? NaN) - x, (middle?.y ?? NaN) - y), name).toBeLessThan(MOST_BESIDE);
    }
    const coco = JSON.parse((await user.exportAs('COCO')).toString()) as {
      annotations: readonly { segmentation: CocoRle }[];
    };
    expect(coco.annotations.map(({ segmentation }) => segmentation.counts)).toEqual(
      shown.map((mask) => mask?.counts),
    );
    await user.page.reload();
    await user.waitForDecoder();
    await expect
      .poll(async () => (await user.project()).images.map(({ objects }) => objects[0]?.mask), {
        timeout: MINUTES,
      })
      .toEqual(shown);
  });
});
