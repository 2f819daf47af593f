/** A folder of hundreds of photos, of which only a few are in memory. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import type { PageUnderTest } from '../browser';
import { useStage } from '../stage';

const PHOTOS = 200;
/** The shown one, two after it, five that were shown, and one that is being decoded. */
const MOST_BITMAPS = 9;

const stage = useStage();
let user: PageUnderTest;

/** A grey picture as BMP, every one another grey. */
function grey(level: number): Buffer {
  const [width, height] = [64, 48];
  const head = Buffer.alloc(54);
  head.write('BM');
  head.writeUInt32LE(54 + 3 * width * height, 2);
  head.writeUInt32LE(54, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(24, 28);
  return Buffer.concat([head, Buffer.alloc(3 * width * height, level)]);
}

function writeFolder(): string {
  const folder = join(stage.folder, 'photos');
  mkdirSync(join(folder, 'more'), { recursive: true });
  for (let index = 0; index < PHOTOS; index++) {
    const name = `${index < PHOTOS / 2 ? '' : 'more/'}photo ${index}.bmp`;
    writeFileSync(join(folder, name), grey(index));
  }
  writeFileSync(join(folder, 'notes.txt'), 'no photo');
  return folder;
}

beforeEach(async () => {
  user = await stage.newUser();
  // Counts the pictures that are decoded and not closed.
  await user.page.addInitScript(() => {
    const open = new Set<ImageBitmap>();
    // One that was handed to the worker has no size any more.
    const now = () => [...open].filter(({ width }) => width > 0).length;
    const figures = { most: 0, now };
    const make = globalThis.createImageBitmap.bind(globalThis) as (
      ...args: unknown[]
    ) => Promise<ImageBitmap>;
    Object.assign(globalThis, {
      bitmaps: figures,
      createImageBitmap: async (...args: unknown[]) => {
        const bitmap = await make(...args);
        open.add(bitmap);
        figures.most = Math.max(figures.most, now());
        const close = bitmap.close.bind(bitmap);
        bitmap.close = () => {
          open.delete(bitmap);
          close();
        };
        return bitmap;
      },
    });
  });
  await user.page.goto(stage.url);
  await user.waitForDecoder();
});

const bitmaps = (): Promise<{ most: number; now: number }> =>
  user.page.evaluate(() => {
    const { bitmaps } = globalThis as unknown as { bitmaps: { most: number; now(): number } };
    return { most: bitmaps.most, now: bitmaps.now() };
  });

it('is opened with the folders in it, and few of its photos are decoded or sent', async () => {
  const sent: string[] = [];
  user.page.on('request', (request) => {
    if (request.url().includes('/v1/embed')) sent.push(request.url());
  });
  const chooser = user.page.waitForEvent('filechooser');
  await user.button('Open folder').click();
  await (await chooser).setFiles(writeFolder());
  const items = user.page.getByRole('list', { name: 'Photos', exact: true }).getByRole('listitem');
  await expect.poll(() => items.count(), { timeout: 60_000 }).toBe(PHOTOS);
  const names = await user.page.locator('[aria-label="Photos"] > li > button > span').allInnerTexts();
  expect(names.slice(0, 3)).toEqual(['photo 100.bmp', 'photo 101.bmp', 'photo 102.bmp']);
  expect(names.slice(100, 103)).toEqual(['photo 0.bmp', 'photo 1.bmp', 'photo 2.bmp']);
  const keys = async (): Promise<number> =>
    (await user.project()).images.filter(({ key }) => key !== null).length;
  await expect.poll(keys, { timeout: 60_000 }).toBe(3);
  for (let turn = 0; turn < 30; turn++) await user.page.keyboard.press('.');
  await expect.poll(() => user.page.getByText(`31 of ${PHOTOS}`).count()).toBe(1);
  await user.button('photo 50.bmp').click();
  await user.page.waitForFunction(() => {
    const { splitseem } = globalThis as unknown as {
      splitseem: { project(): { images: { name: string; key: unknown }[] } };
    };
    return splitseem.project().images.find(({ name }) => name === 'photo 50.bmp')?.key != null;
  });
  const { most, now } = await bitmaps();
  console.log(`${PHOTOS} photos: at most ${most} decoded at a time, ${sent.length} sent`);
  expect(most).toBeLessThanOrEqual(MOST_BITMAPS);
  expect(now).toBeGreaterThanOrEqual(3);
  expect(sent.length).toBeLessThanOrEqual(45);
  expect((await user.project()).images.every(({ size_hw }) => size_hw.join() === '48,64')).toBe(true);
});
