/**
 * Makes what the animations of `docs/animations` are put together from: for each a folder with a screenshot of the page
 * after each thing that is done, and `frames.json`, which says where the pointer was and what was pressed. Run by
 * `make animations`, which hands the folder.
 *
 *     node scripts/frames.js FOLDER [NAME...]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  ASTRONAUT,
  clickAnswered,
  launchChromium,
  openSample,
  placeOnPhoto,
  until,
  withServer,
} from './chromium.js';

const PORT = 8766;
const SCALE = 1;
const VIEWPORT = { width: 960, height: 620 };

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Locator} Locator */
/** @typedef {{ readonly x: number, readonly y: number }} Place */
/** @typedef {import('./chromium.js').PartClick} PartClick */
/**
 * What happened before a screenshot: nothing, a click, a move with the button held, or a key of which `key` is the name.
 * @typedef {{ file: string, pointer: [number, number], press: 'none' | 'left' | 'right' | 'held' | 'key', key: string }}
 *   Frame
 */

/** The page under a hand: does one thing at a time, and takes a screenshot after each. */
class Hand {
  /** @type {Frame[]} */
  frames = [];
  /** @type {Place} */
  #at = { x: VIEWPORT.width / 2, y: VIEWPORT.height - 60 };
  #answered = 0;

  /** @param {Page} page @param {string} folder */
  constructor(page, folder) {
    this.page = page;
    this.folder = folder;
  }

  /** @param {Frame['press']} press @param {Place} at */
  async take(press = 'none', at = this.#at, key = '') {
    this.#at = at;
    const file = `${String(this.frames.length).padStart(2, '0')}.png`;
    await this.page.screenshot({ path: join(this.folder, file) });
    this.frames.push({ file, pointer: [at.x * SCALE, at.y * SCALE], press, key });
  }

  /** @param {PartClick} click */
  async click(click) {
    const at = await clickAnswered(this.page, click, ++this.#answered);
    await this.page.mouse.move(0, 0);
    await this.take(click.button, at);
  }

  /** @param {string} name */
  button = (name) => this.#press(this.page.getByRole('button', { name, exact: true }));

  /** @param {string} name */
  tool = (name) =>
    this.#press(this.page.getByRole('radiogroup', { name: 'Tool' }).getByText(name, { exact: true }));

  /** @param {Locator} locator */
  async #press(locator) {
    const box = await locator.boundingBox();
    if (box === null) throw new Error(`nothing to press: ${locator.toString()}`);
    const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    await this.page.mouse.click(at.x, at.y);
    await this.page.mouse.move(0, 0);
    await this.take('left', at);
  }

  /** Draw along places; the last screenshot has the answer. @param {readonly Place[]} parts */
  async draw(parts) {
    const places = await Promise.all(parts.map((part) => placeOnPhoto(this.page, part)));
    const [first, ...rest] = /** @type {[Place, ...Place[]]} */ (places);
    await this.page.mouse.move(first.x, first.y);
    await this.take('none', first);
    await this.page.mouse.down();
    for (const place of rest) {
      await this.page.mouse.move(place.x, place.y, { steps: 3 });
      await this.take('held', place);
    }
    await this.page.mouse.up();
    await this.answer();
    await this.take('none');
  }

  /** Press a key, and wait for what `until` says. @param {string} key @param {string | null} then */
  async key(key, then = null) {
    await this.page.keyboard.press(key);
    if (then !== null) await until(this.page, then);
    await this.take('key', this.#at, key.replace('Control', 'Ctrl'));
  }

  /** Type a text, and give it by Enter. @param {string} text */
  async type(text) {
    for (const letter of text) {
      await this.page.keyboard.type(letter);
      await this.take('held');
    }
    const before = await this.objects();
    await this.page.keyboard.press('Enter');
    const found = 'globalThis.splitseem.project().images.at(-1).objects';
    await until(this.page, `${found}.length > ${before} && ${found}.every(({ mask }) => mask !== null)`);
    await this.take('key', this.#at, 'Enter');
  }

  /** How many there are. @returns {Promise<number>} */
  objects = () => this.page.evaluate('globalThis.splitseem.project().images.at(-1).objects.length');

  /** One more prompt has its mask. */
  async answer() {
    await until(this.page, `globalThis.splitseem.timings().length >= ${++this.#answered}`);
  }
}

/** @param {number} x @param {number} y @returns {PartClick} */
const left = (x, y) => ({ x, y, button: 'left' });
/** @param {number} x @param {number} y @returns {Place} */
const place = (x, y) => ({ x, y });

/** @param {Place} from @param {Place} to */
const corners = (from, to) =>
  Array.from({ length: 7 }, (_, step) =>
    place(from.x + ((to.x - from.x) * step) / 6, from.y + ((to.y - from.y) * step) / 6),
  );

/**
 * What is done in each animation, the samples that are open, of which the last one is on screen, and the classes.
 * @typedef {{ readonly samples: readonly string[], readonly classes?: readonly string[], act: (hand: Hand) => Promise<void> }}
 *   Animation
 * @type {Readonly<Record<string, Animation>>}
 */
const ANIMATIONS = {
  clicks: {
    samples: ['astronaut'],
    act: async (hand) => {
      await hand.click(left(0.79, 0.3));
      await hand.button('New object');
      for (const click of ASTRONAUT) await hand.click(click);
    },
  },
  boxes: {
    samples: ['coffee'],
    act: async (hand) => {
      await hand.tool('Box');
      await hand.key('a');
      await hand.draw(corners(place(0.14, 0.04), place(0.79, 0.96)));
      await hand.draw(corners(place(0.62, 0.02), place(0.99, 0.75)));
    },
  },
  words: {
    samples: ['coffee'],
    act: async (hand) => {
      await hand.tool('Text');
      await hand.type('cup');
      await hand.tool('Click');
      await hand.click(left(0.35, 0.75));
    },
  },
  paint: {
    samples: ['rocket'],
    act: async (hand) => {
      await hand.click(left(0.5, 0.6));
      await hand.tool('Paint');
      await hand.draw([place(0.503, 0.36), place(0.503, 0.4), place(0.503, 0.45), place(0.503, 0.5)]);
      const object = 'globalThis.splitseem.project().images[0].objects[0]';
      await hand.key('Shift+R', `${object}.prompts.length === 3 && ${object}.mask !== null`);
    },
  },
  photos: {
    samples: ['coffee', 'cat', 'rocket'],
    classes: ['rocket', 'cup', 'cat'],
    act: async (hand) => {
      await hand.key('1');
      await hand.click(left(0.5, 0.6));
      await hand.key('Control+Enter');
      await hand.key('2');
      await hand.click(left(0.5, 0.3));
      await hand.key('Control+Enter');
      await hand.key('3');
      await hand.click(left(0.5, 0.5));
      await hand.key('Control+Enter');
    },
  },
};

/** @param {Page} page @param {readonly string[]} names */
async function addClasses(page, names) {
  for (const name of names) {
    await page.getByRole('textbox', { name: 'New class' }).fill(name);
    await page.keyboard.press('Enter');
  }
  await page.evaluate('document.activeElement.blur()');
}

/** @param {Page} page @param {string} url @param {readonly string[]} samples */
async function openSamples(page, url, [first, ...others]) {
  await openSample(page, url, `Open sample ${first ?? ''}`);
  for (const [index, name] of others.entries()) {
    await page
      .getByRole('button', { name: `Open sample ${name}` })
      .first()
      .click();
    await until(page, `globalThis.splitseem.project().images[${index + 1}]?.key != null`);
  }
}

/** @param {string} url @param {string} folder @param {readonly string[]} wanted */
async function takeFrames(url, folder, wanted) {
  const browser = await launchChromium();
  for (const [name, { samples, classes, act }] of Object.entries(ANIMATIONS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const page = await browser.newPage({ viewport: VIEWPORT, deviceScaleFactor: SCALE });
    await mkdir(join(folder, name), { recursive: true });
    await openSamples(page, url, samples);
    if (classes !== undefined) await addClasses(page, classes);
    const hand = new Hand(page, join(folder, name));
    await hand.take();
    await act(hand);
    await writeFile(join(folder, name, 'frames.json'), JSON.stringify(hand.frames));
    await page.close();
  }
  await browser.close();
}

const [folder, ...wanted] = process.argv.slice(2);
if (folder === undefined) throw new Error('name a folder for the frames');
await withServer(PORT, (url) => takeFrames(url, resolve(folder), wanted));
