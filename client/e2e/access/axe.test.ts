/**
 * Every tool, menu and dialog, one after the other, in light and dark, with text at 200 % and 390 pixels wide too: axe
 * finds nothing serious.
 */
import { expect, it } from 'vitest';
import { seriousFindings } from '../axe';
import { samplePath, type PageUnderTest } from '../browser';
import { videoOfDisk } from '../annotating/videoFile';
import { useStage } from '../stage';

const stage = useStage();

interface Condition {
  readonly colorScheme: 'light' | 'dark';
  /** Pixels of the browser's usual text. */
  readonly fontSize?: number;
  /** Of the window, in CSS pixels; else that of a usual screen. */
  readonly width?: number;
}

const CONDITIONS: readonly (readonly [string, Condition])[] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['light, text at 200 %', { colorScheme: 'light', fontSize: 32 }],
  ['dark, text at 200 %', { colorScheme: 'dark', fontSize: 32 }],
  ['light, 390 px wide', { colorScheme: 'light', width: 390 }],
  ['dark, 390 px wide', { colorScheme: 'dark', width: 390 }],
];

type Step = (user: PageUnderTest) => Promise<unknown>;

const key =
  (...keys: readonly string[]): Step =>
  async ({ page }) => {
    for (const one of keys) await page.keyboard.press(one);
  };

const tool =
  (name: string, then: Step = () => Promise.resolve()): Step =>
  async (user) => {
    await user.page.getByRole('radio', { name, exact: true }).check({ force: true });
    await then(user);
  };

const dialog =
  (button: string, name: string | RegExp, then: Step = () => Promise.resolve()): Step =>
  async (user) => {
    await user.page.keyboard.press('Escape');
    await user.button(button).click();
    await user.page.getByRole('dialog', { name }).waitFor();
    await then(user);
  };

const format =
  (name: string): Step =>
  ({ page }) =>
    page.getByRole('radio', { name, exact: true }).check();

/** What is done for each state, which begins where the one before has ended. */
const STATES: Readonly<Record<string, Step>> = {
  welcome: () => Promise.resolve(),
  'a photo without objects': async (user) => {
    const chooser = user.page.waitForEvent('filechooser');
    await user.button('Open image').click();
    await (await chooser).setFiles([samplePath('coffee.jpg'), samplePath('chelsea.jpg')]);
    await user.page.getByRole('button', { name: 'chelsea.jpg', exact: true }).waitFor();
    await user.canvas.scrollIntoViewIfNeeded();
    await user.canvas.focus();
  },
  'an object by a click': async (user) => {
    // The crosshair begins in the middle, whatever the size of the photo is.
    await key('Enter', 'Enter')(user);
    await user.waitForAnswers(1);
  },
  Select: tool('Select'),
  Click: tool('Click'),
  Box: tool('Box'),
  Scribble: tool('Scribble'),
  Polygon: tool('Polygon'),
  'Polygon, as drawn': async ({ page }) => page.getByRole('checkbox', { name: 'As drawn' }).check(),
  Text: tool('Text'),
  Example: tool('Example'),
  Paint: tool('Paint'),
  Erase: tool('Erase'),
  'objects with label, group, lock': async (user) => {
    await user.page.getByRole('combobox', { name: 'Label of object 1' }).fill('cup');
    await key('Enter', 'Control+d', 'Control+g', 'Shift+L')(user);
    await user.page.getByRole('combobox', { name: 'Where masks overlap' }).waitFor();
  },
  'a class in a dark colour': async ({ page }) => page.getByLabel('Colour of cup').fill('#1a0033'),
  'a message': key('Delete'),
  'menu View': async ({ page }) => {
    await page.getByText('View', { exact: true }).press('Enter');
    await page.getByText('384, usual').waitFor();
  },
  Keys: dialog('Help', 'Keys'),
  'Keys, waiting for one': async ({ page }) => page.getByRole('button', { name: /key of Merge/ }).click(),
  'Keys of CVAT': async (user) => {
    await key('Escape')(user);
    await user.page.getByRole('radio', { name: 'CVAT' }).check();
  },
  'Class names': dialog('Class names', 'What objects are called'),
  Attributes: dialog('Attributes of class cup', /^Attributes of/, async ({ page }) =>
    page.getByRole('textbox', { name: 'Attributes' }).fill('colour = white, red\nfull?\nnote'),
  ),
  'fields of an object': async (user) => {
    await user.button('Use these attributes').click();
    await user.page
      .getByRole('group', { name: /^Attributes of/ })
      .getByLabel('colour')
      .waitFor();
  },
  'Export as COCO': dialog('Export', 'Export'),
  'Export as YOLO, with a tolerance': async (user) => {
    await format('YOLO')(user);
    await user.page.getByRole('spinbutton', { name: /Tolerance/ }).fill('2');
  },
  'a rejected photo with a note': async (user) => {
    await key('Escape')(user);
    await user.page.getByRole('combobox', { name: 'State of the photo' }).selectOption('rejected');
    await user.page.getByRole('textbox', { name: 'Note on the photo' }).fill('blurred');
  },
  'no photo of a state': async ({ page }) =>
    page.getByRole('combobox', { name: 'Which photos' }).selectOption('done'),
  'a video': async (user) => {
    const buffer = await videoOfDisk(user.page);
    await user.openFile({ name: 'clip.webm', mimeType: 'video/webm', buffer });
    await user.page.getByRole('dialog', { name: 'Frames of a video' }).waitFor();
  },
  'a file that cannot be read': async (user) => {
    await key('Escape')(user);
    await user.openFile({
      name: 'a.png',
      mimeType: 'image/png',
      buffer: Buffer.alloc(0),
    });
    await user.status.getByText(/the file is empty/).waitFor();
  },
  'a project that waits for its photo': async (user) => {
    // As it was saved where another file was open.
    const project = await user.project();
    const images = project.images.map((image) => ({
      ...image,
      ...{ name: 'gone.jpg', key: null, file_sha256: '0'.repeat(64) },
    }));
    const buffer = Buffer.from(JSON.stringify({ ...project, images }));
    await user.openFile({
      name: 'project.json',
      mimeType: 'application/json',
      buffer,
    });
    await user.page.getByRole('dialog', { name: /To restore the project/ }).waitFor();
  },
};

it.each(CONDITIONS)('%s', { timeout: 300_000 }, async (_, { colorScheme, fontSize = 16, width }) => {
  const user = await stage.visit('/');
  await user.page.emulateMedia({ colorScheme });
  if (width !== undefined) await user.page.setViewportSize({ width, height: 844 });
  const browser = await user.page.context().newCDPSession(user.page);
  const found: Record<string, readonly string[]> = {};
  for (const [state, enter] of Object.entries(STATES)) {
    // Choosing a file makes the browser forget it.
    await browser.send('Page.setFontSizes', {
      fontSizes: { standard: fontSize },
    });
    await enter(user);
    const findings = await seriousFindings(user.page);
    if (findings.length > 0) found[state] = findings;
  }
  expect(found).toEqual({});
});
