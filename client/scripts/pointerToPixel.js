/**
 * Clicks on the real page and times every click from the pointer to the pixel: `node pointerToPixel.js COUNT OUT`.
 *
 * Needs `make setup`. Called by `benchmarks/browser`.
 */
import { writeFileSync } from 'node:fs';
import { clickAnswered, launchChromium, openSample, withServer } from './chromium.js';

const PORT = 8766;
const SAMPLE = 'Open sample astronaut';

/** In the page: when the pointer went down, and when the frame with the answer was handed to the screen. */
const WATCH = `
  globalThis.pointerToPixel = [];
  document.querySelector('[role=application]').addEventListener('pointerdown', ({ timeStamp }) => {
    const before = splitseem.timings().length;
    const look = () => {
      if (splitseem.timings().length === before) requestAnimationFrame(look);
      else {
        // After the frame in which it is drawn, which may be the next one.
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => pointerToPixel.push(performance.now() - timeStamp);
          port2.postMessage(null);
        });
      }
    };
    requestAnimationFrame(look);
  }, { capture: true });
`;

/** @param {readonly number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** @param {string} url @param {number} count */
async function timeClicks(url, count) {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
    await openSample(page, url, SAMPLE);
    await page.evaluate(WATCH);
    for (let i = 0; i < count; i++) {
      // One object after the other, three clicks each.
      if (i > 0 && i % 3 === 0) await page.getByRole('button', { name: 'New object' }).click();
      const part = { x: 0.3 + (0.4 * (i % 5)) / 5, y: 0.4 + (0.3 * (i % 7)) / 7 };
      await clickAnswered(page, { ...part, button: 'left' }, i + 1);
      await page.waitForFunction(`pointerToPixel.length > ${i}`);
    }
    const pixels = /** @type {number[]} */ (await page.evaluate('pointerToPixel'));
    const stages = /** @type {Record<string, number | string>[]} */ (
      await page.evaluate('splitseem.timings()')
    );
    const status = await page.getByRole('status').innerText();
    return { status, pixels, stages };
  } finally {
    await browser.close();
  }
}

/** @param {readonly Record<string, number | string>[]} stages */
function mediansOf(stages) {
  const names = Object.entries(stages[0] ?? {}).filter(
    ([name, value]) => typeof value === 'number' && name !== 'object',
  );
  return Object.fromEntries(names.map(([name]) => [name, median(stages.map((row) => Number(row[name])))]));
}

const [count, out] = process.argv.slice(2);
if (count === undefined || out === undefined) throw new Error('expected: COUNT OUT');
await withServer(PORT, async (url) => {
  const { status, pixels, stages } = await timeClicks(url, Number(count));
  const medians = { 'pointer to pixel': median(pixels), ...mediansOf(stages) };
  writeFileSync(out, JSON.stringify({ status, clicks: pixels.length, medians }));
});
