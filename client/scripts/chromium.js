/** What the scripts that drive the page share: the browser, and the server behind it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const SPLITSEEM = process.env.SPLITSEEM ?? join(REPOSITORY, '.venv/bin/splitseem');

/** @param {readonly string[]} flags */
const optionsOf = (flags) => ({
  executablePath: process.env.CHROMIUM ?? findChromium(),
  args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync', ...flags],
});

/** @param {readonly string[]} flags */
export function launchChromium(...flags) {
  return chromium.launch(optionsOf(flags));
}

/**
 * With a folder that keeps what a browser keeps; without one, machine code is not kept at all.
 * @param {string} folder @param {{ viewport: { width: number, height: number } }} options
 */
export function launchProfile(folder, options) {
  return chromium.launchPersistentContext(folder, { ...optionsOf([]), ...options });
}

function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (found === undefined) throw new Error('no Chromium on PATH: run `make tools`, or set CHROMIUM');
  return found;
}

/**
 * Run `splitseem serve` while something is done with its address.
 * @param {number} port
 * @param {(url: string) => Promise<void>} act
 */
export async function withServer(port, act) {
  const server = spawn(SPLITSEEM, ['serve', '--port', String(port)], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SPLITSEEM_LOG_LEVEL: 'error' },
  });
  try {
    const url = `http://127.0.0.1:${port}`;
    await waitUntilReady(server, url);
    await act(url);
  } finally {
    server.kill();
  }
}

/** @param {import('node:child_process').ChildProcess} server @param {string} url */
async function waitUntilReady(server, url) {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
    const response = await fetch(`${url}/readyz`).catch(() => null);
    if (response?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the server did not start');
}

/**
 * Where a part, 0 to 1, of the photo's width and height is on the screen: it lies centred and fitted on the canvas.
 * @param {import('playwright-core').Page} page
 * @param {{ x: number, y: number }} part
 */
export async function placeOnPhoto(page, part) {
  const box = await page.getByRole('application', { name: 'Image canvas' }).boundingBox();
  const size = /** @type {[number, number]} */ (
    await page.evaluate('globalThis.splitseem.project().images[0].size_hw')
  );
  if (box === null) throw new Error('no canvas');
  const [height, width] = size;
  const scale = 0.96 * Math.min(box.width / width, box.height / height);
  return {
    x: box.x + box.width / 2 + (part.x - 0.5) * width * scale,
    y: box.y + box.height / 2 + (part.y - 0.5) * height * scale,
  };
}

/**
 * Wait until an expression is true in the page. Asked from here: the page itself runs no text as a script.
 * @param {import('playwright-core').Page} page @param {string} expression
 */
export async function until(page, expression) {
  for (let attempt = 0; attempt < 6000; attempt++) {
    if ((await page.evaluate(expression)) === true) return;
    await page.waitForTimeout(5);
  }
  throw new Error(`this never came true: ${expression}`);
}

/** @param {import('playwright-core').Page} page @param {number} count */
async function waitForAnswers(page, count) {
  await until(page, `globalThis.splitseem.timings().length >= ${count}`);
}

/** @param {import('playwright-core').Page} page @param {string} url @param {string} sample */
export async function openSample(page, url, sample) {
  await page.goto(url);
  await page.getByRole('button', { name: sample }).first().click();
  await until(page, 'globalThis.splitseem.project().images[0]?.key != null');
}

/**
 * In parts of the width and height of a photo.
 * @typedef {{ readonly x: number, readonly y: number, readonly button: 'left' | 'right' }} PartClick
 */

/**
 * Make an object of her, on her sample photo.
 * @type {readonly PartClick[]}
 */
export const ASTRONAUT = [
  { x: 0.4, y: 0.72, button: 'left' },
  { x: 0.44, y: 0.2, button: 'left' },
  { x: 0.12, y: 0.76, button: 'left' },
  { x: 0.66, y: 0.42, button: 'right' },
  { x: 0.82, y: 0.84, button: 'right' },
  { x: 0.09, y: 0.3, button: 'right' },
];

/**
 * Click, wait until `count` prompts in all are answered, and tell where on the page it was.
 * @param {import('playwright-core').Page} page
 * @param {PartClick} click
 * @param {number} count
 * @param {number} hold Milliseconds for which the mouse is beside the place before, and the button is held, as by a hand
 */
export async function clickAnswered(page, { button, ...part }, count, hold = 0) {
  const place = await placeOnPhoto(page, part);
  if (hold > 0) {
    await page.mouse.move(place.x - 8, place.y);
    await page.waitForTimeout(hold);
  }
  await page.mouse.click(place.x, place.y, { button, delay: hold });
  await waitForAnswers(page, count);
  return place;
}
