/**
 * Times the first mask from the load of the page, cold and warm: `node firstMask.js [COUNT]`.
 *
 * Cold: the profile of the browser is empty, and the server, which is ready, has encoded nothing. Warm: the same person
 * comes back; he stayed for `STAY` after his first mask and then closed the browser. It is started again with his
 * profile: so it has on disk what it keeps of the page's files and of the machine code that it made, and nothing in
 * memory; the server still knows the photo. In both cases the browser is running with an empty page before the time
 * begins. The sample is opened as soon as it can be, and clicked as soon as it is shown; the time ends when the mask is
 * drawn.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchProfile, placeOnPhoto, until, withServer } from './chromium.js';

const PORT = 8768;
const SAMPLE = 'Open sample coffee';
/** Milliseconds */
const STAY = 5000;

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

/** @param {string} profile @param {string} url */
async function visit(profile, url) {
  const context = await launchProfile(profile, { viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    const seconds = await firstMask(page, url);
    await page.getByRole('status').getByText('Saved').waitFor();
    await page.waitForTimeout(STAY);
    return seconds;
  } finally {
    await context.close();
  }
}

/** Seconds of a newcomer, and of the same person later. @returns {Promise<[number, number]>} */
async function coldAndWarm() {
  const profile = await mkdtemp(join(tmpdir(), 'splitseem-first-mask-'));
  /** @type {[number, number]} */
  let seconds = [NaN, NaN];
  try {
    await withServer(PORT, async (url) => {
      seconds = [await visit(profile, url), await visit(profile, url)];
    });
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
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
