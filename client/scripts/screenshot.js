/**
 * Makes `docs/screenshot.png`: the page with a mask on it, from the real server and a real Chromium.
 * Run by `make screenshot`; needs `make setup`.
 */
import { join } from 'node:path';
import { ASTRONAUT, clickAnswered, launchChromium, openSample, REPOSITORY, withServer } from './chromium.js';

const TARGET = join(REPOSITORY, 'docs/screenshot.png');
const PORT = 8765;
const SAMPLE = 'Open sample astronaut';

/** The astronaut, by two clicks more than in the animation. */
const CLICKS = [
  ...ASTRONAUT,
  { x: 0.79, y: 0.16, button: /** @type {const} */ ('right') },
  { x: 0.63, y: 0.74, button: /** @type {const} */ ('left') },
];

/** @param {string} url */
async function takeScreenshot(url) {
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1.5 });
  await openSample(page, url, SAMPLE);
  for (const [index, click] of CLICKS.entries()) await clickAnswered(page, click, index + 1);
  await page.mouse.move(0, 0);
  await page.screenshot({ path: TARGET });
  await browser.close();
}

await withServer(PORT, takeScreenshot);
console.log(TARGET);
