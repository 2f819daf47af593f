/**
 * Makes `docs/screenshot.png`: the page with a mask on it, from the real server and a real Chromium.
 * Run by `make screenshot`; needs `make setup`.
 */
import { join } from 'node:path';
import {
  launchChromium,
  openSample,
  placeOnPhoto,
  REPOSITORY,
  waitForAnswers,
  withServer,
} from './chromium.js';

const TARGET = join(REPOSITORY, 'docs/screenshot.png');
const PORT = 8765;
const SAMPLE = 'Open sample astronaut';

/** Presses on the photo in parts of its width and height; each list is one object. */
const OBJECTS = [
  [
    { x: 0.4, y: 0.72, button: /** @type {const} */ ('left') },
    { x: 0.44, y: 0.2, button: /** @type {const} */ ('left') },
    { x: 0.12, y: 0.76, button: /** @type {const} */ ('left') },
    { x: 0.66, y: 0.42, button: /** @type {const} */ ('right') },
    { x: 0.82, y: 0.84, button: /** @type {const} */ ('right') },
    { x: 0.09, y: 0.3, button: /** @type {const} */ ('right') },
    { x: 0.79, y: 0.16, button: /** @type {const} */ ('right') },
    { x: 0.63, y: 0.74, button: /** @type {const} */ ('left') },
  ],
];

/** @param {string} url */
async function takeScreenshot(url) {
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1.5 });
  await openSample(page, url, SAMPLE);
  let answered = 0;
  for (const [index, presses] of OBJECTS.entries()) {
    if (index > 0) await page.getByRole('button', { name: 'New object' }).click();
    for (const { button, ...part } of presses) {
      const { x, y } = await placeOnPhoto(page, part);
      await page.mouse.click(x, y, { button });
      await waitForAnswers(page, ++answered);
    }
  }
  await page.mouse.move(0, 0);
  await page.screenshot({ path: TARGET });
  await browser.close();
}

await withServer(PORT, takeScreenshot);
console.log(TARGET);
