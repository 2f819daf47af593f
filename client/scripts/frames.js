/**
 * Makes what `docs/clicks.webp` is put together from: a screenshot of the page before the first click and after each
 * click, and `frames.json`, which says where the pointer was. Run by `make animation`, which hands the folder.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ASTRONAUT, clickAnswered, launchChromium, openSample, withServer } from './chromium.js';

const PORT = 8766;
const SAMPLE = 'Open sample astronaut';
const SCALE = 1.25;

/** Each list is one object: the shuttle, the astronaut. */
const OBJECTS = [[{ x: 0.79, y: 0.3, button: /** @type {const} */ ('left') }], ASTRONAUT];

/** @param {string} url @param {string} folder */
async function takeFrames(url, folder) {
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 960, height: 620 }, deviceScaleFactor: SCALE });
  await openSample(page, url, SAMPLE);
  /** @type {{ file: string, pointer: [number, number], button: string }[]} */
  const frames = [];
  let answered = 0;
  /** @param {{ x: number, y: number }} pointer @param {'left' | 'right' | 'none'} button */
  const take = async ({ x, y }, button) => {
    await page.mouse.move(0, 0);
    const file = `${String(frames.length).padStart(2, '0')}.png`;
    await page.screenshot({ path: join(folder, file) });
    frames.push({ file, pointer: [x * SCALE, y * SCALE], button });
  };
  await take({ x: 480, y: 560 }, 'none');
  for (const [index, clicks] of OBJECTS.entries()) {
    if (index > 0) {
      const button = page.getByRole('button', { name: 'New object' });
      const box = await button.boundingBox();
      if (box === null) throw new Error('no button New object');
      await button.click();
      await take({ x: box.x + box.width / 2, y: box.y + box.height / 2 }, 'left');
    }
    for (const click of clicks) await take(await clickAnswered(page, click, ++answered), click.button);
  }
  await browser.close();
  await writeFile(join(folder, 'frames.json'), JSON.stringify(frames));
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('name a folder for the frames');
await mkdir(folder, { recursive: true });
await withServer(PORT, (url) => takeFrames(url, resolve(folder)));
