/**
 * Times the first mask from the load of the page, for a newcomer and for somebody who comes back: `node firstMask.js
 * [COUNT]`. A newcomer has an empty browser profile and a server that has encoded nothing; who comes back has the page's
 * files and asks for a photo that the server knows. The sample is opened as soon as it can be, and clicked as soon as
 * it is shown; the time ends when the mask is drawn.
 */
import { launchChromium, placeOnPhoto, until, withServer } from './chromium.js';

const PORT = 8768;
const SAMPLE = 'Open sample coffee';

/** @param {import('playwright-core').Page} page @param {string} url */
async function firstMask(page, url) {
  await page.goto(url, { waitUntil: 'commit' });
  const started = performance.now();
  await page.getByRole('button', { name: SAMPLE }).first().click();
  await until(page, 'globalThis.splitseem?.project().images[0]?.size_hw !== undefined');
  const { x, y } = await placeOnPhoto(page, { x: 0.5, y: 0.3 });
  await page.mouse.click(x, y);
  await until(page, 'globalThis.splitseem.timings().length >= 1');
  return (performance.now() - started) / 1000;
}

/** Seconds of a newcomer, and of the same person later. @returns {Promise<[number, number]>} */
async function coldAndWarm() {
  /** @type {[number, number]} */
  let seconds = [NaN, NaN];
  await withServer(PORT, async (url) => {
    const browser = await launchChromium();
    try {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      const first = await context.newPage();
      const cold = await firstMask(first, url);
      await first.getByRole('status').getByText('Saved').waitFor();
      await first.close();
      seconds = [cold, await firstMask(await context.newPage(), url)];
    } finally {
      await browser.close();
    }
  });
  return seconds;
}

/** @param {readonly number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const count = Number(process.argv[2] ?? 3);
const all = [];
for (let index = 0; index < count; index++) all.push(await coldAndWarm());
for (const [index, who] of ['cold', 'warm'].entries()) {
  const seconds = all.map((row) => row[index] ?? NaN);
  const listed = seconds.map((value) => value.toFixed(2)).join(', ');
  console.log(`first mask, ${who}: median ${median(seconds).toFixed(2)} s (${listed})`);
}
