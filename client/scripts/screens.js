/**
 * Makes pictures of each tool and dialog of the page, from the real server and a real Chromium, as PNG in a folder,
 * which `scripts/screens.py` makes small. Run by `make screens`.
 *
 *     node scripts/screens.js FOLDER [NAME...]
 */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { clickAnswered, launchChromium, openSample, placeOnPhoto, until, withServer } from './chromium.js';

const PORT = 8767;
const VIEWPORT = { width: 1200, height: 700 };

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ readonly x: number, readonly y: number }} Part */

/** @param {Page} page @param {string} name */
const tool = (page, name) => page.getByRole('radio', { name, exact: true }).check();

/** @param {Page} page @param {string} name */
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** @param {Page} page @param {string} name */
const shows = (page, name) => page.getByRole('dialog', { name }).waitFor();

/** @param {Page} page @param {number} count */
const answered = (page, count) => until(page, `globalThis.splitseem.timings().length >= ${count}`);

/** Draw, and leave the button held. @param {Page} page @param {readonly Part[]} parts */
async function drag(page, parts) {
  for (const [index, part] of parts.entries()) {
    const { x, y } = await placeOnPhoto(page, part);
    await page.mouse.move(x, y, { steps: 4 });
    if (index === 0) await page.mouse.down();
  }
}

/** @param {Page} page @param {readonly Part[]} parts */
async function pressAll(page, parts) {
  for (const part of parts) {
    const { x, y } = await placeOnPhoto(page, part);
    await page.mouse.click(x, y);
  }
}

/** The cup on its saucer, in two clicks. @param {Page} page */
async function cup(page) {
  await clickAnswered(page, { x: 0.5, y: 0.3, button: 'left' }, 1);
  await clickAnswered(page, { x: 0.35, y: 0.75, button: 'left' }, 2);
  await page.getByRole('combobox', { name: 'Label of object 1' }).fill('cup');
  await page.keyboard.press('Enter');
}

/** Three seconds of the coffee, which the camera passes, as the browser records them. @param {Page} page */
async function videoOf(page) {
  const base64 = await page.evaluate(async () => {
    const photo = await createImageBitmap(await (await fetch('samples/coffee.jpg')).blob());
    const [width, height] = [(2 * photo.width) / 3, photo.height];
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const pen = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(15), { mimeType: 'video/webm' });
    /** @type {Blob[]} */
    const parts = [];
    recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
    const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve));
    recorder.start();
    for (let frame = 0; frame < 45; frame++) {
      pen?.drawImage(photo, (-frame * (photo.width - width)) / 45, 0);
      await new Promise((resolve) => setTimeout(resolve, 1000 / 15));
    }
    recorder.stop();
    await stopped;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  });
  return Buffer.from(base64, 'base64');
}

/** @param {Page} page @param {{ name: string, mimeType: string, buffer: Buffer }} file */
async function giveFile(page, file) {
  const chooser = page.waitForEvent('filechooser');
  await press(page, 'Open image');
  await (await chooser).setFiles([file]);
}

const ACROSS = [
  { x: 0.14, y: 0.04 },
  { x: 0.79, y: 0.96 },
];

const STROKE = [
  { x: 0.33, y: 0.3 },
  { x: 0.45, y: 0.2 },
  { x: 0.55, y: 0.32 },
  { x: 0.62, y: 0.22 },
];

/**
 * What is done on a page with the coffee on it before each picture is taken, by the picture's name.
 * @type {Readonly<Record<string, (page: Page) => Promise<unknown>>>}
 */
const SCREENS = {
  'tool-click': async (page) => {
    await clickAnswered(page, { x: 0.5, y: 0.3, button: 'left' }, 1);
    const { x, y } = await placeOnPhoto(page, { x: 0.35, y: 0.75 });
    await page.mouse.move(x, y, { steps: 3 });
    await page.waitForSelector('canvas[data-preview]');
  },
  'another-mask': async (page) => {
    await clickAnswered(page, { x: 0.43, y: 0.29, button: 'left' }, 1);
    await page.keyboard.press('g');
    await page.keyboard.press('g');
    await page.getByRole('button', { name: 'Another mask for object 1, 3 of 3' }).waitFor();
    await answered(page, 1);
  },
  'tool-select': async (page) => {
    await cup(page);
    await tool(page, 'Select');
  },
  'tool-box': async (page) => {
    await tool(page, 'Box');
    await drag(page, ACROSS);
  },
  'tool-scribble': async (page) => {
    await tool(page, 'Scribble');
    await drag(page, STROKE);
  },
  'tool-polygon': async (page) => {
    await tool(page, 'Polygon');
    await pressAll(page, [
      { x: 0.3, y: 0.08 },
      { x: 0.62, y: 0.06 },
      { x: 0.66, y: 0.35 },
      { x: 0.48, y: 0.5 },
    ]);
  },
  'tool-text': async (page) => {
    await tool(page, 'Text');
    await page.getByRole('textbox', { name: 'Text prompt' }).fill('cup');
    await page.keyboard.press('Enter');
    await answered(page, 1);
  },
  'tool-example': async (page) => {
    await cup(page);
    await tool(page, 'Example');
    await page.getByRole('combobox', { name: 'Example object' }).selectOption({ index: 1 });
  },
  'tool-paint': async (page) => {
    await cup(page);
    await tool(page, 'Paint');
    await drag(page, [
      { x: 0.12, y: 0.6 },
      { x: 0.2, y: 0.8 },
      { x: 0.3, y: 0.9 },
    ]);
  },
  'tool-erase': async (page) => {
    await cup(page);
    await tool(page, 'Erase');
    await drag(page, [
      { x: 0.3, y: 0.1 },
      { x: 0.4, y: 0.3 },
    ]);
  },
  everything: async (page) => {
    await press(page, 'Everything');
    await until(page, 'globalThis.splitseem.project().images[0].objects.length > 0');
  },
  'view-cut-out': async (page) => {
    await cup(page);
    await page.getByText('View', { exact: true }).click();
    await page.getByText('384, usual').waitFor();
    await page.getByRole('radio', { name: 'Cut out' }).check();
  },
  'dialog-keys': async (page) => {
    await page.keyboard.press('?');
    await shows(page, 'Keys');
  },
  'dialog-class-names': async (page) => {
    await press(page, 'Class names');
    await shows(page, 'What objects are called');
    await page.getByRole('textbox', { name: 'Class names' }).fill('cup\nsaucer\nspoon\ntable');
  },
  'dialog-attributes': async (page) => {
    await cup(page);
    await press(page, 'Attributes of class cup');
    await page.getByRole('dialog').getByRole('textbox').fill('colour = white, brown\nfull?\nnote');
  },
  'dialog-api-key': async (page) => {
    const refused = { type: 'urn:splitseem:problem:unauthorized', title: 'Unauthorized', status: 401 };
    await page.route('**/v1/embed*', (route) =>
      route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify(refused) }),
    );
    await page.getByRole('button', { name: 'Open sample cat' }).click();
    await shows(page, 'This server asks for an API key');
  },
  'dialog-export': async (page) => {
    await cup(page);
    await press(page, 'Export');
    await shows(page, 'Export');
  },
  'dialog-video': async (page) => {
    await giveFile(page, { name: 'coffee.webm', mimeType: 'video/webm', buffer: await videoOf(page) });
    await shows(page, 'Frames of a video');
  },
  offline: async (page) => {
    await cup(page);
    await page.context().setOffline(true);
    await page.getByText('Offline: photos opened before work').waitFor();
  },
};

/** @param {string} url @param {string} folder @param {readonly string[]} wanted */
async function takeScreens(url, folder, wanted) {
  const browser = await launchChromium();
  for (const [name, act] of Object.entries(SCREENS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const page = await browser.newPage({ viewport: VIEWPORT });
    await openSample(page, url, 'Open sample coffee');
    await act(page);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await page.close();
  }
  await browser.close();
}

const [folder, ...wanted] = process.argv.slice(2);
if (folder === undefined) throw new Error('name a folder for the pictures');
await mkdir(folder, { recursive: true });
await withServer(PORT, (url) => takeScreens(url, resolve(folder), wanted));
