/**
 * Clicks on the real page and times every click from the pointer to the pixel, with and without a preview under the
 * mouse, and counts previews a second: `node pointerToPixel.js COUNT OUT`.
 *
 * Needs `make setup`. Called by `benchmarks/browser`.
 */
import { writeFileSync } from 'node:fs';
import { clickAnswered, launchChromium, openSample, until, withServer } from './chromium.js';

const PORT = 8766;
const SAMPLE = 'Open sample astronaut';

/** In the page: when the pointer went up, which gives the click, and when the frame with the answer was handed to the screen. */
const WATCH = `
  globalThis.pointerToPixel = [];
  document.querySelector('[role=application]').addEventListener('pointerup', ({ timeStamp }) => {
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

/** Milliseconds; a hand holds the button for longer. */
const HOLD = 80;

const PREVIEW_SECONDS = 6;

/** In the page: move the mouse over the photo all the time, and count the frames with another preview. */
const MOVE = `
  new Promise((resolve) => {
    const canvas = document.querySelector('[role=application]');
    const { left, top, width, height } = canvas.getBoundingClientRect();
    let painted = 0;
    const observer = new MutationObserver((records) => {
      painted += records.filter(() => canvas.dataset.preview === 'true').length;
    });
    observer.observe(canvas, { attributeFilter: ['data-preview'] });
    const started = performance.now();
    const moving = setInterval(() => {
      const part = (performance.now() - started) / (1000 * ${PREVIEW_SECONDS});
      if (part >= 1) {
        clearInterval(moving);
        observer.disconnect();
        resolve(painted / ${PREVIEW_SECONDS});
        return;
      }
      const clientX = left + width * (0.5 + 0.2 * Math.cos(40 * part));
      const clientY = top + height * (0.5 + 0.3 * Math.sin(40 * part));
      const mouse = { pointerType: 'mouse', isPrimary: true, bubbles: true };
      canvas.dispatchEvent(new PointerEvent('pointermove', { ...mouse, clientX, clientY }));
    }, 4);
  })
`;

/** Previews painted a second while the mouse moves, at a canvas of 256. @param {string} url */
async function countPreviews(url) {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
    await page.route('**/v1/embed*', (route) => route.continue({ url: `${url}/v1/embed?canvas=256` }));
    await openSample(page, `${url}?threads=1`, SAMPLE);
    await page.evaluate(MOVE);
    return /** @type {number} */ (await page.evaluate(MOVE));
  } finally {
    await browser.close();
  }
}

/** Every other click with a preview under the mouse. @param {string} url @param {number} count */
async function timeClicks(url, count) {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
    await openSample(page, url, SAMPLE);
    await page.evaluate(WATCH);
    for (let i = 0; i < count; i++) {
      await page.getByRole('checkbox', { name: 'Preview' }).setChecked(i % 2 === 1);
      // One object after the other, three clicks each.
      if (i > 0 && i % 3 === 0) await page.getByRole('button', { name: 'New object' }).click();
      const part = { x: 0.3 + (0.4 * (i % 5)) / 5, y: 0.4 + (0.3 * (i % 7)) / 7 };
      await clickAnswered(page, { ...part, button: 'left' }, i + 1, HOLD);
      await until(page, `pointerToPixel.length > ${i}`);
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
  const { status, pixels, stages } = await timeClicks(url, 2 * Number(count));
  /** @param {readonly number[]} values @param {number} rest */
  const every2nd = (values, rest) => values.filter((_, index) => index % 2 === rest);
  const queues = stages.map(({ queue }) => Number(queue));
  const medians = {
    'pointer to pixel': median(every2nd(pixels, 0)),
    ...mediansOf(stages.filter((_, index) => index % 2 === 0)),
    'pointer to pixel with a preview': median(every2nd(pixels, 1)),
    'queue with a preview': median(every2nd(queues, 1)),
    'previews a second at 256': await countPreviews(url),
  };
  writeFileSync(out, JSON.stringify({ status, clicks: pixels.length, medians }));
});
