/** What the random user does, as one table. Each action draws what it needs from dice of its own. */
import { checkExport } from './exports';
import type { FileToOpen } from './photos';
import type { Dice } from './random';
import type { Place, World } from './world';

export interface Action {
  readonly name: string;
  /** How often it comes, beside the others. */
  readonly weight: number;
  /** What was done, for the log; null when it was not possible just now. */
  readonly run: (world: World, dice: Dice) => Promise<string | null>;
}

/** Photos that may be open: more would only make the rest slow. */
const MOST_PHOTOS = 5;
const BUTTONS = ['left', 'left', 'left', 'right', 'middle'] as const;
const TOOLS = [
  'Select',
  'Click',
  'Click',
  'Box',
  'Scribble',
  'Polygon',
  'Text',
  'Example',
  'Paint',
  'Erase',
] as const;
const LABELS = [
  'dog',
  'a red cup',
  '',
  '   ',
  'Tasse à café',
  '猫',
  'x'.repeat(300),
  '"quoted", comma\ttab',
] as const;
const KEYS = [
  ...[
    'Enter',
    'Shift+Enter',
    'Escape',
    'Backspace',
    'Delete',
    'Tab',
    'Shift+Tab',
    'Space',
    'Home',
    'PageDown',
  ],
  ...['ArrowLeft', 'ArrowRight', 'Shift+ArrowUp', 'ArrowDown', 'Control+z', 'Control+Shift+z', 'Control+y'],
  ...[
    '1',
    '2',
    '3',
    '4',
    '5',
    '0',
    '+',
    '-',
    '?',
    'n',
    'N',
    'h',
    'c',
    'b',
    's',
    'l',
    't',
    'e',
    'p',
    'x',
    'v',
  ],
  ...['.', ',', 'Control+a', 'Alt+z', 'F2', '6', '9', 'PageUp', 'Shift+H'],
  ...['a', 'g', 'g', 'o', 'q', 'm', 'Shift+f', 'Shift+r', 'Shift+s', 'Control+0', 'Control+1'],
  ...['[', ']', 'Control+d', 'Control+c', 'Control+v', 'Control+Enter'],
] as [string, ...string[]];
const SIZES = [
  { width: 1280, height: 800 },
  { width: 1280, height: 800 },
  { width: 360, height: 640 },
  { width: 844, height: 390 },
  { width: 1920, height: 1080 },
  { width: 320, height: 256 },
] as const;

const somewhere = (dice: Dice): Place =>
  dice.chance(0.9)
    ? { x: dice.between(0.25, 0.75), y: dice.between(0.2, 0.8) }
    : { x: dice.between(0.01, 0.99), y: dice.between(0.01, 0.99) };

const percent = ({ x, y }: Place): string => `${Math.round(100 * x)},${Math.round(100 * y)} %`;

/** Press something by its selector, one of those there are. */
const pressing =
  (selector: string) =>
  (world: World, dice: Dice): Promise<string | null> =>
    world.press(selector, dice.fraction());

async function click(world: World, dice: Dice): Promise<string | null> {
  const [at, button] = [somewhere(dice), dice.pick(BUTTONS)];
  const [withShift, count] = [dice.chance(0.15), dice.chance(0.1) ? 2 : 1];
  if (world.held !== null) return null;
  const { x, y } = await world.onCanvas(at);
  if (withShift) await world.page.keyboard.down('Shift');
  await world.page.mouse.click(x, y, { button, clickCount: count });
  if (withShift) await world.page.keyboard.up('Shift');
  return `${withShift ? 'shift+' : ''}${button} x${count} at ${percent(at)}`;
}

/** Points of a stroke that wanders about. */
function stroke(dice: Dice): readonly [Place, ...Place[]] {
  const first = somewhere(dice);
  let last = first;
  const next = Array.from({ length: dice.integer(1, 8) }, () => {
    last = { x: last.x + dice.between(-0.15, 0.15), y: last.y + dice.between(-0.15, 0.15) };
    return last;
  });
  return [first, ...next];
}

async function press(world: World, dice: Dice): Promise<string | null> {
  const [path, button] = [stroke(dice), dice.pick(BUTTONS)];
  if (world.held !== null) return null;
  const [first, ...rest] = path;
  const { x, y } = await world.onCanvas(first);
  await world.page.mouse.move(x, y);
  await world.page.mouse.down({ button });
  world.held = button;
  for (const point of rest) {
    const { x, y } = await world.onCanvas(point);
    await world.page.mouse.move(x, y);
  }
  return `${button} from ${percent(first)}, ${rest.length} moves`;
}

async function release(world: World): Promise<string | null> {
  if (world.held === null) return null;
  await world.page.mouse.up({ button: world.held });
  const button = world.held;
  world.held = null;
  return button;
}

async function drag(world: World, dice: Dice): Promise<string | null> {
  const did = await press(world, dice);
  if (did !== null) await release(world);
  return did;
}

/** A stroke of the brush, or of the eraser, of any size. */
async function paint(world: World, dice: Dice): Promise<string | null> {
  const [name, part] = [dice.pick(['Paint', 'Paint', 'Erase']), dice.fraction()];
  if (world.held !== null || (await world.press(`label:has(> input[aria-label="${name}"])`)) === null)
    return null;
  const slider = world.page.getByRole('slider', { name: 'Brush size' });
  if (dice.chance(0.5) && (await slider.isVisible())) await slider.fill(String(Math.round(1 + 199 * part)));
  const did = await drag(world, dice);
  return did && `${name}: ${did}`;
}

async function polygon(world: World, dice: Dice): Promise<string | null> {
  const centre = somewhere(dice);
  const corners = Array.from({ length: dice.integer(1, 6) }, (_, k) => ({
    x: centre.x + 0.15 * Math.cos(k) * dice.fraction(),
    y: centre.y + 0.15 * Math.sin(k) * dice.fraction(),
  }));
  const end = dice.pick(['Enter', 'Escape', 'Backspace', 'Control+z', 'none', 'first', 'double']);
  if (world.held !== null || (await world.press('label:has(> input[aria-label="Polygon"])')) === null)
    return null;
  for (const corner of corners) {
    const { x, y } = await world.onCanvas(corner);
    await world.page.mouse.click(x, y);
  }
  const { x, y } = await world.onCanvas(corners[0] ?? centre);
  if (end === 'first') await world.page.mouse.click(x, y);
  else if (end === 'double') await world.page.mouse.dblclick(x + 9, y);
  else if (end !== 'none') await world.page.keyboard.press(end);
  return `${corners.length} corners about ${percent(centre)}, then ${end}`;
}

async function openFiles(world: World, files: readonly FileToOpen[]): Promise<string | null> {
  const input = world.page.locator('input[type=file]').first();
  await input.setInputFiles(files.map((file) => ({ ...file })));
  return files.map(({ name }) => name).join(', ');
}

async function openPhotos(world: World, dice: Dice): Promise<string | null> {
  const count = dice.chance(0.2) ? 3 : 1;
  const { photos } = world.stage;
  const files = Array.from({ length: count }, () => photos[dice.integer(0, photos.length - 1)]);
  if ((await world.shown()).photos >= MOST_PHOTOS) return null;
  return openFiles(
    world,
    files.filter((file) => file !== undefined),
  );
}

async function openBroken(world: World, dice: Dice): Promise<string | null> {
  const { broken } = world.stage;
  const file = broken[dice.integer(0, broken.length - 1)];
  return file === undefined ? null : openFiles(world, [file]);
}

async function openProject(world: World, dice: Dice): Promise<string | null> {
  const file = world.savedProjects[dice.integer(0, Math.max(0, world.savedProjects.length - 1))];
  return file === undefined ? null : openFiles(world, [file]);
}

/** Say which photo a saved one is. */
async function restoreThere(world: World, dice: Dice): Promise<string | null> {
  const name = await world.press('.awaited select', dice.fraction());
  if (name === null) return null;
  await world.page.keyboard.press('ArrowDown');
  await world.page.keyboard.press('Enter');
  return world.press('.awaited-choice button');
}

async function typeLabel(world: World, dice: Dice): Promise<string | null> {
  const [part, label, end] = [
    dice.fraction(),
    dice.pick(LABELS),
    dice.pick(['Enter', 'Tab', 'Escape', 'none']),
  ];
  const name = await world.press('.object-label', part);
  if (name === null) return null;
  await world.page.keyboard.press('Control+a');
  await world.page.keyboard.insertText(label);
  if (end !== 'none') await world.page.keyboard.press(end);
  return `${name}: ${JSON.stringify(label.slice(0, 20))}, then ${end}`;
}

const MARKS = ['', 'done', 'checked', 'rejected'] as const;

async function markPhoto(world: World, dice: Dice): Promise<string | null> {
  const [mark, note] = [dice.pick(MARKS), dice.pick(LABELS)];
  const field = 'select[aria-label="State of the photo"]';
  if ((await world.place(field)) === null) return null;
  await world.page.locator(field).selectOption(mark);
  if (dice.chance(0.7) || (await world.press('[aria-label="Note on the photo"]')) === null) return mark;
  await world.page.keyboard.press('Control+a');
  await world.page.keyboard.insertText(note);
  return `${mark}, ${JSON.stringify(note.slice(0, 20))}`;
}

async function newClass(world: World, dice: Dice): Promise<string | null> {
  const name = dice.pick(LABELS);
  if ((await world.press('[aria-label="New class"]')) === null) return null;
  await world.page.keyboard.insertText(name);
  await world.page.keyboard.press('Enter');
  return JSON.stringify(name.slice(0, 20));
}

async function chooseColour(world: World, dice: Dice): Promise<string | null> {
  const [part, colour] = [dice.between(0, 1), dice.pick(['#1a0033', '#ffffff', '#00ff00'])];
  if ((await world.place('.class-colour')) === null) return null;
  const fields = world.page.locator('.class-colour');
  const field = fields.nth(Math.floor(part * (await fields.count())));
  await field.fill(colour);
  return `${(await field.getAttribute('aria-label')) ?? ''}: ${colour}`;
}

async function classNames(world: World, dice: Dice): Promise<string | null> {
  const [names, end] = [dice.pick(['dog\ncup, spoon', '', 'leaf']), dice.pick(['submit', 'button'])];
  if ((await world.press('[title^="Edit or paste the whole list"]')) === null) return null;
  await world.page.keyboard.press('Control+a');
  await world.page.keyboard.insertText(names);
  await world.press(`dialog.class-names .dialog-actions [type=${end}]`);
  return `${JSON.stringify(names)}, then ${end}`;
}

async function giveText(world: World, dice: Dice): Promise<string | null> {
  const words = dice.pick(LABELS);
  if ((await world.press('label:has(> input[aria-label="Text"]:not(:disabled))')) === null) return null;
  if ((await world.press('[aria-label="Text prompt"]')) === null) return null;
  await world.page.keyboard.insertText(words);
  await world.page.keyboard.press('Enter');
  return JSON.stringify(words.slice(0, 20));
}

async function keys(world: World, dice: Dice): Promise<string> {
  const pressed = Array.from({ length: dice.integer(1, 3) }, () => dice.pick(KEYS));
  if (dice.chance(0.3)) await world.page.locator('canvas[role=application]').focus();
  for (const key of pressed) await world.page.keyboard.press(key);
  return pressed.join(' ');
}

async function wheel(world: World, dice: Dice): Promise<string> {
  const [at, by] = [somewhere(dice), Math.round(dice.between(-900, 900))];
  const { x, y } = await world.onCanvas(at);
  await world.page.mouse.move(x, y);
  await world.page.mouse.wheel(0, by);
  return `${by} at ${percent(at)}`;
}

async function resize(world: World, dice: Dice): Promise<string> {
  const size = dice.pick(SIZES);
  await world.page.setViewportSize(size);
  return `${size.width} x ${size.height}`;
}

async function reload(world: World): Promise<string | null> {
  if (world.isOffline || world.stage.server !== 'up' || world.held !== null) return null;
  await world.page.reload();
  return '';
}

async function toggleOffline(world: World): Promise<string> {
  await world.setOffline(!world.isOffline);
  return world.isOffline ? 'off' : 'on';
}

async function toggleServer({ stage }: World): Promise<string | null> {
  switch (stage.server) {
    case 'up':
      await stage.stopServer();
      return 'stopped';
    case 'down':
      stage.startServer();
      return 'starting';
    case 'starting':
      return null;
  }
}

async function pauseServer(world: World, dice: Dice): Promise<string> {
  const milliseconds = dice.integer(100, 1500);
  world.stage.pauseServer();
  setTimeout(() => world.stage.resumeServer(), milliseconds);
  return Promise.resolve(`${milliseconds} ms`);
}

async function storm(world: World, dice: Dice): Promise<string> {
  const keys = Array.from({ length: dice.integer(3, 12) }, () =>
    dice.pick(['Control+z', 'Control+z', 'Control+y']),
  );
  for (const key of keys) await world.page.keyboard.press(key);
  return `${keys.length} keys`;
}

async function loseFocus(world: World): Promise<string> {
  await world.page.evaluate(() => window.dispatchEvent(new Event('blur')));
  return '';
}

async function pan(world: World, dice: Dice): Promise<string | null> {
  if (world.held !== null) return null;
  const [from, to] = [await world.onCanvas(somewhere(dice)), await world.onCanvas(somewhere(dice))];
  await world.page.keyboard.down('Space');
  await world.page.mouse.move(from.x, from.y);
  await world.page.mouse.down();
  await world.page.mouse.move(to.x, to.y, { steps: 3 });
  await world.page.mouse.up();
  await world.page.keyboard.up('Space');
  return '';
}

async function hover(world: World, dice: Dice): Promise<string> {
  const at = somewhere(dice);
  const { x, y } = await world.onCanvas(at);
  await world.page.mouse.move(x, y, { steps: 2 });
  return percent(at);
}

async function sharpenHere(world: World, dice: Dice): Promise<string> {
  const { x, y } = await world.onCanvas(somewhere(dice));
  await world.page.mouse.move(x, y);
  for (let turn = dice.integer(0, 6); turn > 0; turn--) await world.page.mouse.wheel(0, -120);
  await world.page.keyboard.press('z');
  return percent({ x, y });
}

const byTool = (world: World, dice: Dice): Promise<string | null> =>
  world.press(`label:has(> input[aria-label="${dice.pick(TOOLS)}"]:not(:disabled))`);

export const ACTIONS: readonly Action[] = [
  { name: 'click', weight: 22, run: click },
  { name: 'drag', weight: 12, run: drag },
  { name: 'press', weight: 4, run: press },
  { name: 'release', weight: 8, run: release },
  { name: 'polygon', weight: 5, run: polygon },
  { name: 'paint', weight: 5, run: paint },
  { name: 'hover', weight: 4, run: hover },
  { name: 'tool', weight: 12, run: byTool },
  { name: 'keys', weight: 10, run: keys },
  { name: 'wheel', weight: 4, run: wheel },
  { name: 'pan', weight: 2, run: pan },
  { name: 'zoom button', weight: 2, run: pressing('[aria-label="Zoom"] button') },
  { name: 'undo', weight: 7, run: pressing('[aria-label="Undo"]') },
  { name: 'redo', weight: 6, run: pressing('[aria-label="Redo"]') },
  { name: 'storm', weight: 1, run: storm },
  { name: 'new object', weight: 6, run: pressing('[aria-label="New object"]') },
  { name: 'clear', weight: 1, run: pressing('[aria-label="Clear"]') },
  { name: 'select object', weight: 4, run: pressing('[aria-label^="Select object"]') },
  { name: 'delete object', weight: 4, run: pressing('[aria-label^="Delete object"]') },
  {
    name: 'hide object',
    weight: 3,
    run: pressing('[aria-label^="Hide object"], [aria-label^="Show object"]'),
  },
  { name: 'label', weight: 4, run: typeLabel },
  { name: 'new class', weight: 2, run: newClass },
  { name: 'choose class', weight: 4, run: pressing('[aria-label="Classes"] .class-choice') },
  { name: 'move class', weight: 1, run: pressing('[aria-label^="Move class"]') },
  { name: 'colour of class', weight: 1, run: chooseColour },
  { name: 'class names', weight: 0.5, run: classNames },
  { name: 'photo state', weight: 3, run: markPhoto },
  { name: 'next to do', weight: 1, run: pressing('.photo-tools button') },
  { name: 'turn photo', weight: 4, run: pressing('.photo-turner button') },
  { name: 'text', weight: 2, run: giveText },
  { name: 'remove text', weight: 1, run: pressing('[aria-label^="Remove text"]') },
  { name: 'open photos', weight: 5, run: openPhotos },
  { name: 'open sample', weight: 1, run: pressing('[aria-label^="Open sample"]') },
  { name: 'open broken', weight: 2, run: openBroken },
  { name: 'open project', weight: 2, run: openProject },
  { name: 'not now', weight: 1, run: pressing('.awaited .dialog-actions button') },
  { name: 'restore there', weight: 1, run: restoreThere },
  {
    name: 'repair',
    weight: 2,
    run: pressing(
      '[aria-label^="Fill holes of object"], [aria-label^="Remove specks of object"], [aria-label^="Smooth"]',
    ),
  },
  { name: 'use as example', weight: 1, run: pressing('[aria-label^="Use object"]') },
  { name: 'find the example', weight: 1, run: pressing('button[title^="Find it on this photo"]') },
  { name: 'view menu', weight: 1, run: pressing('.view-menu summary') },
  { name: 'look', weight: 1, run: pressing('[aria-label="Masks"] label') },
  { name: 'detail', weight: 0.5, run: pressing('[aria-label="Detail"] label') },
  { name: 'sharpen here', weight: 1, run: sharpenHere },
  { name: 'confirm label', weight: 2, run: pressing('[aria-label^="Confirm label"]') },
  { name: 'choose photo', weight: 5, run: pressing('[aria-label="Photos"] > li > button:first-child') },
  { name: 'close photo', weight: 4, run: pressing('[aria-label="Photos"] [aria-label^="Close "]') },
  { name: 'try again', weight: 2, run: pressing('.progress.failed button, .chip.retry') },
  { name: 'export', weight: 4, run: checkExport },
  { name: 'help', weight: 1, run: pressing('[aria-label="Help"]') },
  { name: 'close dialog', weight: 12, run: pressing('dialog[open] header button') },
  { name: 'resize', weight: 2, run: resize },
  { name: 'lose focus', weight: 1, run: loseFocus },
  { name: 'offline', weight: 1, run: toggleOffline },
  { name: 'server', weight: 0.1, run: toggleServer },
  { name: 'pause server', weight: 0.3, run: pauseServer },
  { name: 'reload', weight: 0.5, run: reload },
];
