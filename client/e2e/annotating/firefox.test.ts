/** A session in Firefox: the second engine gives the masks of the first, keeps them, and exports them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Project } from '../../src/shared/types';
import { launchFirefox, type Firefox, type FirefoxPage } from '../firefox';
import { iou } from '../masks';
import { samplePath, type PageUnderTest } from '../browser';
import { useStage } from '../stage';

const PATIENCE = { timeout: 60_000, interval: 200 };

const stage = useStage();
let firefox: Firefox;
let page: FirefoxPage;

beforeAll(async () => {
  firefox = await launchFirefox();
  page = await firefox.newPage();
}, 120_000);

afterAll(() => firefox.close());

const project = (): Promise<Project> =>
  page.evaluate(() => (globalThis as unknown as { splitseem: { project(): Project } }).splitseem.project());

const masks = async () => (await project()).images[0]?.objects.map(({ mask }) => mask) ?? [];

/** Press at a part of the shown photo, as `PageUnderTest.press` does. */
async function press(part: { x: number; y: number }, button: 'left' | 'right' = 'left'): Promise<void> {
  const box = await page.evaluate(() => {
    const { left, top, width, height } = document.querySelector('canvas.canvas')?.getBoundingClientRect() ?? {
      ...{ left: 0, top: 0, width: 0, height: 0 },
    };
    return { left, top, width, height };
  });
  const [height = 1, width = 1] = (await project()).images[0]?.size_hw ?? [];
  const scale = 0.96 * Math.min(box.width / width, box.height / height);
  const x = box.left + box.width / 2 + (part.x - 0.5) * width * scale;
  await page.mouse.click(x, box.top + box.height / 2 + (part.y - 0.5) * height * scale, { button });
}

/** Wait until that many prompts have the masks that stay. */
const masksOf = (prompts: number) =>
  expect
    .poll(
      () =>
        page.evaluate(
          () => (globalThis as unknown as { splitseem: { timings(): unknown[] } }).splitseem.timings().length,
        ),
      PATIENCE,
    )
    .toBe(prompts);

/** The same clicks in Chromium. */
async function inChromium(user: PageUnderTest): Promise<Project> {
  await user.openSample('coffee.jpg');
  await user.click({ x: 0.5, y: 0.3 });
  await user.click({ x: 0.35, y: 0.75 });
  return user.project();
}

it('clicks give the masks of Chromium, are undone exactly, and are there after a reload', async () => {
  await page.setViewport({ width: 1280, height: 800 });
  await page.goto(stage.url);
  await (await page.$('input[type=file]'))?.uploadFile(samplePath('coffee.jpg'));
  await expect.poll(async () => (await project()).images[0]?.key ?? null, PATIENCE).not.toBeNull();
  await press({ x: 0.5, y: 0.3 });
  await masksOf(1);
  const [first] = await masks();
  await press({ x: 0.35, y: 0.75 });
  await masksOf(2);
  const [second] = await masks();
  const chromium = (await inChromium(await stage.visit())).images[0]?.objects[0]?.mask;
  // Its canvas has another size, and pixels of the screen other places on the photo.
  expect(second && chromium ? iou(second, chromium) : 0).toBeGreaterThan(0.97);
  await page.keyboard.down('Control');
  await page.keyboard.press('z');
  await page.keyboard.up('Control');
  await masksOf(1);
  expect(await masks()).toEqual([first]);
  await press({ x: 0.9, y: 0.9 }, 'right');
  await masksOf(2);
  const kept = await masks();
  await expect
    .poll(() => page.evaluate(() => document.querySelector('[role=status]')?.textContent ?? ''), PATIENCE)
    .toMatch(/Saved(?! …)/);
  await page.goto(stage.url);
  await expect.poll(masks, PATIENCE).toEqual(kept);
});
