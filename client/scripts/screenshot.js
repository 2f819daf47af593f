/**
 * Makes `docs/screenshot.png`: the page with a mask on it, from the real server and a real Chromium.
 * Run by `make screenshot`; needs `make setup`.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
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

function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (found === undefined) throw new Error('no Chromium on PATH: run `make tools`, or set CHROMIUM');
  return found;
}

/** @param {string} url */
async function waitUntilReady(url) {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
    const response = await fetch(`${url}/readyz`).catch(() => null);
    if (response?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the server did not start');
}

/** @param {import('playwright-core').Page} page @param {number} count */
async function waitForAnswers(page, count) {
  const answered = `globalThis.splitseem.timings().length >= ${count}`;
  await page.waitForFunction(answered);
}

/** @param {string} url */
async function takeScreenshot(url) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? findChromium(),
    args: ['--headless=new', '--no-sandbox', '--disable-gpu'],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1.5 });
  await page.goto(url);
  await page.getByRole('button', { name: SAMPLE }).first().click();
  await page.waitForFunction('globalThis.splitseem.project().images[0]?.key != null');
  let answered = 0;
  for (const [index, presses] of OBJECTS.entries()) {
    if (index > 0) await page.getByRole('button', { name: 'New object' }).click();
    for (const { x, y, button } of presses) {
      await pressOnPhoto(page, { x, y }, button);
      await waitForAnswers(page, ++answered);
    }
  }
  await page.mouse.move(0, 0);
  await page.screenshot({ path: TARGET });
  await browser.close();
}

/**
 * The photo lies centred and fitted on the canvas.
 * @param {import('playwright-core').Page} page
 * @param {{ x: number, y: number }} part
 * @param {'left' | 'right'} button
 */
async function pressOnPhoto(page, part, button) {
  const box = await page.getByRole('application', { name: 'Image canvas' }).boundingBox();
  const size = /** @type {[number, number]} */ (
    await page.evaluate('globalThis.splitseem.project().images[0].size_hw')
  );
  if (box === null) throw new Error('no canvas');
  const [height, width] = size;
  const scale = 0.96 * Math.min(box.width / width, box.height / height);
  const x = box.x + box.width / 2 + (part.x - 0.5) * width * scale;
  const y = box.y + box.height / 2 + (part.y - 0.5) * height * scale;
  await page.mouse.click(x, y, { button });
}

const SPLITSEEM = process.env.SPLITSEEM ?? join(REPOSITORY, '.venv/bin/splitseem');
const server = spawn(SPLITSEEM, ['serve', '--port', String(PORT)], {
  cwd: REPOSITORY,
  stdio: ['ignore', 'ignore', 'inherit'],
  env: { ...process.env, SPLITSEEM_LOG_LEVEL: 'error' },
});
try {
  const url = `http://127.0.0.1:${PORT}`;
  await waitUntilReady(url);
  await takeScreenshot(url);
  console.log(TARGET);
} finally {
  server.kill();
}
