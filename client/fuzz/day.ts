/** A day's work: photos one after the other, objects on each by prompts of every kind, reloads and server restarts between. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { samplePath } from '../e2e/browser';
import { frontState } from './exports';
import { settleAnswers } from './invariants';
import { Dice } from './random';
import type { Place, World } from './world';

export const CLASSES = ['cat', 'cup', 'person', 'rocket', 'thing'] as const;

const SAMPLES = ['astronaut.jpg', 'chelsea.jpg', 'coffee.jpg', 'rocket.jpg'] as const;
const OBJECTS_A_PHOTO = 3;
/** How often an object is begun by a click in a part of the photo that is seen in full detail. */
const SHARPEN = 0.15;
const RELOAD_EVERY = 15;
const RESTART_EVERY = 40;

/** Parts of the sample photos, each with another cut, size and turn; their paths. */
export async function writePhotos(page: Page, folder: string, count: number, dice: Dice): Promise<string[]> {
  const files: string[] = [];
  for (let index = 0; index < count; index++) {
    const sample = readFileSync(samplePath(dice.pick(SAMPLES))).toString('base64');
    const cut = { left: dice.between(0, 0.4), top: dice.between(0, 0.4), share: dice.between(0.5, 0.6) };
    const drawing = { sample, cut, side: dice.integer(240, 1600), flip: dice.chance(0.5) };
    const file = join(folder, `photo ${String(index + 1).padStart(3, '0')}.jpg`);
    writeFileSync(file, await drawPart(page, drawing));
    files.push(file);
  }
  return files;
}

interface Part {
  readonly sample: string;
  /** Left and top corner and size as parts of the sample's. */
  readonly cut: { readonly left: number; readonly top: number; readonly share: number };
  /** Of the long side, pixels. */
  readonly side: number;
  readonly flip: boolean;
}

async function drawPart(page: Page, part: Part): Promise<Buffer> {
  const base64 = await page.evaluate(async ({ sample, cut, side, flip }) => {
    const bytes = Uint8Array.from(atob(sample), (character) => character.charCodeAt(0));
    const whole = await createImageBitmap(new Blob([bytes]));
    const [w, h] = [whole.width * cut.share, whole.height * cut.share];
    const scale = side / Math.max(w, h);
    const canvas = new OffscreenCanvas(Math.round(w * scale), Math.round(h * scale));
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no 2D canvas');
    if (flip) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
    context.drawImage(
      whole,
      cut.left * whole.width,
      cut.top * whole.height,
      w,
      h,
      0,
      0,
      canvas.width,
      canvas.height,
    );
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
    let text = '';
    for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
    return btoa(text);
  }, part);
  return Buffer.from(base64, 'base64');
}

type Act = (world: World, dice: Dice) => Promise<void>;
type Beginning = readonly [name: string, act: Act];

/** What begins an object, in turn. */
const BEGINNINGS: readonly [Beginning, ...Beginning[]] = [
  ['click', withTool('Click', tap)],
  ['box', withTool('Box', (world, dice) => drag(world, corners(dice)))],
  ['scribble', withTool('Scribble', (world, dice) => drag(world, wander(dice, 5, 0.05)))],
  ['polygon', withTool('Polygon', outline)],
  ['text', withTool('Text', word)],
  ['paint', withTool('Paint', (world, dice) => drag(world, wander(dice, 4, 0.06)))],
];

/** What corrects one. */
const CORRECTIONS: readonly [Act, ...Act[]] = [
  withTool('Click', tap),
  withTool('Click', (world, dice) => tap(world, dice, 'right')),
  withTool('Scribble', (world, dice) => drag(world, wander(dice, 3, 0.04), 'right')),
  withTool('Erase', (world, dice) => drag(world, wander(dice, 3, 0.04))),
  withTool('Paint', (world, dice) => drag(world, wander(dice, 3, 0.04))),
  async (world, dice) => {
    await world.page.keyboard.press(dice.pick(['Shift+f', 'Shift+r', 'Shift+s']));
  },
  withTool('Click', async (world, dice) => {
    await tap(world, dice);
    await settle(world);
    await world.page.keyboard.press('g');
    // One of several masks; there may be only one.
    await world.page
      .locator('.other-mask span')
      .waitFor({ timeout: 3000 })
      .catch(() => undefined);
  }),
  async (world) => {
    await world.page.keyboard.press('Control+z');
    await world.page.keyboard.press('Control+y');
  },
];

function withTool(name: string, act: Act): Act {
  return async (world, dice) => {
    await world.press(`label:has(> input[aria-label="${name}"])`);
    await act(world, dice);
  };
}

/** Where a part of the shown photo is on the screen, when it is fitted. */
async function onPhoto(world: World, part: Place): Promise<Place> {
  const [height, width] = (await frontState(world))?.size_hw ?? [1, 1];
  const box = await world.user.canvas.boundingBox();
  if (box === null) throw new Error('no canvas');
  const scale = 0.96 * Math.min(box.width / width, box.height / height);
  return {
    x: box.x + box.width / 2 + (part.x - 0.5) * width * scale,
    y: box.y + box.height / 2 + (part.y - 0.5) * height * scale,
  };
}

const somewhere = (dice: Dice): Place => ({ x: dice.between(0.15, 0.85), y: dice.between(0.15, 0.85) });

async function tap(world: World, dice: Dice, button: 'left' | 'right' = 'left'): Promise<void> {
  const { x, y } = await onPhoto(world, somewhere(dice));
  await world.page.mouse.click(x, y, { button });
}

const corners = (dice: Dice): readonly Place[] => {
  const { x, y } = { x: dice.between(0.1, 0.5), y: dice.between(0.1, 0.5) };
  return [
    { x, y },
    { x: x + dice.between(0.15, 0.4), y: y + dice.between(0.15, 0.4) },
  ];
};

const wander = (dice: Dice, count: number, step: number): readonly Place[] => {
  let last = somewhere(dice);
  return Array.from({ length: count }, () => {
    last = { x: last.x + dice.between(-step, step), y: last.y + dice.between(-step, step) };
    return last;
  });
};

async function drag(world: World, path: readonly Place[], button: 'left' | 'right' = 'left'): Promise<void> {
  for (const [index, part] of path.entries()) {
    const { x, y } = await onPhoto(world, part);
    await world.page.mouse.move(x, y);
    if (index === 0) await world.page.mouse.down({ button });
  }
  await world.page.mouse.up({ button });
}

async function outline(world: World, dice: Dice): Promise<void> {
  const centre = { x: dice.between(0.3, 0.7), y: dice.between(0.3, 0.7) };
  const radius = dice.between(0.08, 0.2);
  for (let corner = 0; corner < 5; corner++) {
    const turn = (2 * Math.PI * corner) / 5;
    const part = { x: centre.x + radius * Math.cos(turn), y: centre.y + radius * Math.sin(turn) };
    const { x, y } = await onPhoto(world, part);
    await world.page.mouse.click(x, y);
  }
  await world.page.keyboard.press('Enter');
}

async function word(world: World, dice: Dice): Promise<void> {
  await world.press('[aria-label="Text prompt"]');
  await world.page.keyboard.insertText(dice.pick(CLASSES));
  await world.page.keyboard.press('Enter');
  await world.user.canvas.focus();
}

/** Every photo of the list, which is open, in turn; what happened, for a report. */
export async function work(
  world: World,
  count: number,
  dice: Dice,
  say: (line: string) => void,
): Promise<ReadonlyMap<string, number>> {
  await listClasses(world);
  let begun = 0;
  for (let photo = 1; photo <= count; photo++) {
    await settle(world);
    for (let item = 0; item < OBJECTS_A_PHOTO; item++) {
      const usual = BEGINNINGS[begun++ % BEGINNINGS.length] ?? BEGINNINGS[0];
      const [name, act]: Beginning = dice.chance(SHARPEN)
        ? ['sharpen here', withTool('Click', sharpen)]
        : usual;
      world.count(name);
      await makeObject(world, dice, act);
    }
    await disturb(world, photo);
    await settle(world);
    say(`photo ${photo} of ${count}, ${(performance.now() / 1000).toFixed(0)} s`);
    if (photo < count) await world.page.keyboard.press('Control+Enter');
  }
  return world.counts;
}

async function listClasses(world: World): Promise<void> {
  await world.press('[title^="Edit or paste the whole list"]');
  await world.page.keyboard.press('Control+a');
  await world.page.keyboard.insertText(CLASSES.join('\n'));
  const dialog = world.page.getByRole('dialog');
  await dialog.locator('button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
}

async function makeObject(world: World, dice: Dice, begin: Act): Promise<void> {
  await begin(world, dice);
  await settle(world);
  for (let more = dice.integer(0, 2); more > 0; more--) {
    await dice.pick(CORRECTIONS)(world, dice);
    await settle(world);
  }
  await world.user.canvas.focus();
  await world.page.keyboard.press(String(dice.integer(1, CLASSES.length)));
  await world.page.keyboard.press('n');
}

/** Zoom in somewhere, and have the part in sight in full detail; its end comes with the next photo. */
async function sharpen(world: World, dice: Dice): Promise<void> {
  const { x, y } = await onPhoto(world, somewhere(dice));
  await world.page.mouse.move(x, y);
  for (let turn = 0; turn < 6; turn++) await world.page.mouse.wheel(0, -120);
  await world.page.keyboard.press('z');
  await settle(world);
  await world.page.mouse.click(x, y);
  await settle(world);
  await world.page.keyboard.press('Control+0');
}

/** Now and then the page is loaded again, or the server ends while the user works. */
async function disturb(world: World, photo: number): Promise<void> {
  if (photo % RELOAD_EVERY === 1) {
    world.count('reload');
    await world.user.status.getByText('Saved', { exact: true }).waitFor();
    await world.page.reload();
    await world.user.waitForDecoder();
    await world.page.locator('[aria-label="Photos"] > li > [aria-current=true]').waitFor();
  }
  if (photo % RESTART_EVERY === 2) {
    world.count('server restart');
    await world.stage.stopServer();
    await tap(world, new Dice(photo));
    await settle(world);
    await world.page.keyboard.press('n');
    await world.stage.bringServer();
  }
}

async function settle(world: World): Promise<void> {
  const left = await settleAnswers(world);
  if (left !== null) throw new Error(`${left} (${(await world.shown()).status})`);
}
