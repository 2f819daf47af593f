/** A session in Firefox: the second engine gives the masks of the first, keeps them, and exports them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Project } from '../../src/shared/types';
import { FirefoxUser, launchFirefox, type Firefox } from '../firefox';
import { iou } from '../masks';
import { samplePath, type PageUnderTest } from '../browser';
import { useStage } from '../stage';

const PATIENCE = { timeout: 60_000, interval: 200 };

const stage = useStage();
let firefox: Firefox;
let user: FirefoxUser;

beforeAll(async () => {
  firefox = await launchFirefox();
  user = new FirefoxUser(await firefox.newPage());
}, 120_000);

afterAll(() => firefox.close());

/** The same clicks in Chromium. */
async function inChromium(user: PageUnderTest): Promise<Project> {
  await user.openSample('coffee.jpg');
  await user.click({ x: 0.5, y: 0.3 });
  await user.click({ x: 0.35, y: 0.75 });
  return user.project();
}

it('clicks give the masks of Chromium, are undone exactly, and are there after a reload', async () => {
  const { page } = user;
  await page.setViewport({ width: 1280, height: 800 });
  await page.goto(stage.url);
  await user.open(samplePath('coffee.jpg'));
  await user.press({ x: 0.5, y: 0.3 });
  await user.untilAnswered(1);
  const [first] = await user.masks();
  await user.press({ x: 0.35, y: 0.75 });
  await user.untilAnswered(2);
  const [second] = await user.masks();
  const chromium = (await inChromium(await stage.visit())).images[0]?.objects[0]?.mask;
  // Its canvas has another size, and pixels of the screen other places on the photo.
  expect(second && chromium ? iou(second, chromium) : 0).toBeGreaterThan(0.97);
  await page.keyboard.down('Control');
  await page.keyboard.press('z');
  await page.keyboard.up('Control');
  await user.untilAnswered(1);
  expect(await user.masks()).toEqual([first]);
  await user.press({ x: 0.9, y: 0.9 }, 'right');
  await user.untilAnswered(2);
  const kept = await user.masks();
  await user.untilSaved();
  await page.goto(stage.url);
  await expect.poll(() => user.masks(), PATIENCE).toEqual(kept);
});
