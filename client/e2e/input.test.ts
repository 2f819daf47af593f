/** Mouse, keyboard, focus and what screen readers are told, in a real browser; and the page on small and large screens. */
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { maskFromRle } from '../src/shared/rle';
import { seriousFindings } from './axe';
import { samplePath, type PageUnderTest } from './browser';
import { useStage } from './stage';

const SAMPLE = 'coffee.jpg';

const stage = useStage();
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.visit();
});

const tool = (name: string): Promise<void> => user.page.getByRole('radio', { name }).check({ force: true });

const promptsOfFirst = async () => (await user.objects())[0]?.prompts ?? [];

async function drag(from: { x: number; y: number }, to: { x: number; y: number }, button: 'left' | 'right') {
  const [a, b] = [await user.toScreen(from), await user.toScreen(to)];
  await user.page.mouse.move(a.x, a.y);
  await user.page.mouse.down({ button });
  await user.page.mouse.move((a.x + b.x) / 2, (a.y + b.y) / 2);
  await user.page.mouse.move(b.x, b.y);
  await user.page.mouse.up({ button });
}

describe('negative shapes', () => {
  it('a box by the right button takes away what is in it', async () => {
    await user.openSample(SAMPLE);
    const before = await user.click({ x: 0.5, y: 0.45 });
    await tool('Box');
    await drag({ x: 0.42, y: 0.36 }, { x: 0.5, y: 0.52 }, 'right');
    await user.waitForAnswers(2);
    const [object] = await user.objects();
    const [, box] = object?.prompts ?? [];
    if (box?.kind !== 'box' || !object?.mask || !before.mask) throw new Error('no negative box');
    expect(box.label).toBe(0);
    const pixelsIn = (rle: { size: readonly [number, number]; counts: readonly number[] }): number => {
      const mask = maskFromRle(rle);
      let count = 0;
      for (let y = Math.ceil(box.y0); y < Math.floor(box.y1); y++) {
        for (let x = Math.ceil(box.x0); x < Math.floor(box.x1); x++) count += mask[y * rle.size[1] + x] ?? 0;
      }
      return count;
    };
    expect(pixelsIn(before.mask)).toBeGreaterThan(1000);
    expect(pixelsIn(object.mask)).toBeLessThan(0.1 * pixelsIn(before.mask));
  });
});

describe('keys', () => {
  it('Ctrl+Z while a polygon is drawn takes its last corner, not the work before it', async () => {
    await user.openSample(SAMPLE);
    await user.click({ x: 0.5, y: 0.45 });
    await tool('Polygon');
    for (const at of [
      { x: 0.4, y: 0.3 },
      { x: 0.6, y: 0.3 },
      { x: 0.2, y: 0.9 },
    ]) {
      await user.press(at);
    }
    await user.page.keyboard.press('Control+z');
    expect(await promptsOfFirst()).toHaveLength(1);
    await user.press({ x: 0.6, y: 0.6 });
    await user.press({ x: 0.4, y: 0.6 });
    await user.page.keyboard.press('Enter');
    await user.waitForAnswers(2);
    const [, polygon] = await promptsOfFirst();
    expect(polygon).toMatchObject({ kind: 'polygon', points_xy: { length: 4 } });

    await user.page.keyboard.press('Backspace');
    expect(await promptsOfFirst()).toHaveLength(1);
    await user.page.keyboard.press('Enter');
    await tool('Click');
    await user.press({ x: 0.2, y: 0.9 });
    await expect.poll(async () => (await user.objects()).length).toBe(2);
  });

  it.each(['Box', 'Scribble'])(
    '%s is drawn from Enter to Enter, and nothing is placed before',
    async (name) => {
      await user.openSample(SAMPLE);
      await tool(name);
      await user.canvas.focus();
      await user.page.keyboard.press('Enter');
      await user.status.getByText(/Arrow keys move the crosshair/).waitFor();
      await user.page.keyboard.press('Enter');
      for (let k = 0; k < 5; k++) await user.page.keyboard.press('ArrowRight');
      for (let k = 0; k < 5; k++) await user.page.keyboard.press('ArrowDown');
      expect(await user.objects()).toEqual([]);
      await user.page.keyboard.press('Enter');
      await user.waitForAnswers(1);
      expect(await promptsOfFirst()).toMatchObject([{ kind: name.toLowerCase() }]);
    },
  );

  it('after a label is typed, keys are keys again', async () => {
    await user.openSample(SAMPLE);
    await user.click({ x: 0.5, y: 0.45 });
    await user.page.getByRole('combobox', { name: 'Label of object 1' }).fill('cup');
    await user.page.keyboard.press('Enter');
    await user.page.keyboard.press('n');
    const listed = user.page.getByRole('list', { name: 'Objects', exact: true });
    await listed.getByRole('combobox', { name: 'Label of object 2' }).waitFor();
    expect((await user.objects())[0]?.label).toBe('cup');
  });
});

describe('the pointer', () => {
  it('clicks again after the window lost the focus with Space held', async () => {
    await user.openSample(SAMPLE);
    await user.canvas.focus();
    await user.page.keyboard.down('Space');
    await user.page.evaluate(() => window.dispatchEvent(new Event('blur')));
    await user.click({ x: 0.5, y: 0.45 });
    await user.page.keyboard.up('Space');
    expect(await promptsOfFirst()).toMatchObject([{ kind: 'click', label: 1 }]);
  });

  it('with Ctrl is negative on a Mac, and only there', async () => {
    for (const [userAgent, label] of [
      ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/150 Safari/537.36', 0],
      ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150 Safari/537.36', 1],
    ] as const) {
      user = await stage.newUser();
      const browser = await user.page.context().newCDPSession(user.page);
      await browser.send('Emulation.setUserAgentOverride', { userAgent });
      await user.page.goto(stage.url);
      await user.openSample(SAMPLE);
      await user.page.keyboard.down('Control');
      await user.click({ x: 0.5, y: 0.45 });
      await user.page.keyboard.up('Control');
      expect(await promptsOfFirst()).toMatchObject([{ kind: 'click', label }]);
    }
  });
});

describe('many photos', () => {
  it('the one on screen is embedded first', async () => {
    const sent: number[] = [];
    let release = (): void => undefined;
    const asked = new Promise<void>((resolve) => (release = resolve));
    await user.page.route('**/v1/embed', async (route) => {
      sent.push(route.request().postDataBuffer()?.length ?? 0);
      await asked;
      await route.continue();
    });
    const photo = readFileSync(samplePath(SAMPLE));
    const files = Array.from({ length: 12 }, (_, k) => ({
      name: `photo ${k}.jpg`,
      mimeType: 'image/jpeg',
      // Bytes after the end of a JPEG file mean nothing; here they tell which photo it is.
      buffer: Buffer.concat([photo, Buffer.alloc(k)]),
    }));
    const chooser = user.page.waitForEvent('filechooser');
    await user.button('Open image').click();
    await (await chooser).setFiles(files);
    await user.page.getByRole('button', { name: 'photo 11.jpg', exact: true }).waitFor();
    const shown = await user.page
      .getByRole('button', { name: /^photo \d+\.jpg$/ })
      .evaluateAll((buttons) =>
        buttons.findIndex((button) => button.getAttribute('aria-current') === 'true'),
      );
    await expect.poll(() => sent[0]).toBe(photo.length + shown);
    await user.page.getByRole('button', { name: 'photo 9.jpg', exact: true }).click();
    const before = sent.length;
    release();
    await expect.poll(() => sent.includes(photo.length + 9), { timeout: 60_000 }).toBe(true);
    // What was under way when it was chosen comes first, and nothing else.
    expect(sent.indexOf(photo.length + 9)).toBeLessThanOrEqual(before);
  });
});

describe('a picture dragged out of another page', () => {
  const drop = (data: Readonly<Record<string, string>>): Promise<void> =>
    user.page.evaluate((entries) => {
      const dataTransfer = new DataTransfer();
      for (const [format, value] of Object.entries(entries)) dataTransfer.setData(format, value);
      window.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, data);

  it('is opened when it is of this site', async () => {
    await drop({ 'text/uri-list': `${stage.url}/samples/${SAMPLE}` });
    await user.waitForPhoto();
    expect((await user.project()).images[0]?.name).toBe(SAMPLE);
  });

  it.each([
    [
      'of another site',
      { 'text/uri-list': 'http://192.0.2.1/a.png' },
      /does not hand out a picture of another site/,
    ],
    ['that is none', { 'text/plain': 'hello' }, /holds no photo/],
  ])('%s is answered by a message', async (_, data, message) => {
    await drop(data);
    await user.status.getByText(message).waitFor();
  });
});

describe('screen readers', () => {
  it('hear the label, undo and saving, and no figures', async () => {
    await user.openSample(SAMPLE);
    const spoken = user.page.locator('[aria-live=polite]');
    await user.click({ x: 0.5, y: 0.45 });
    await spoken.getByText(/^Object 1: .+, \d+ percent/).waitFor();
    await user.page.keyboard.press('Control+z');
    await spoken.getByText('Undone: click').waitFor();
    await user.page.keyboard.press('Control+y');
    await user.exportAs('Project');
    await spoken.getByText(/saved/).waitFor();
    expect(await user.status.getAttribute('aria-live')).toBe('off');
    expect(await user.status.innerText()).toMatch(/Model .*Provider .*thread.*Last answer/s);
  });
});

describe.each(['light', 'dark'] as const)('axe finds nothing serious, %s', (colorScheme) => {
  beforeEach(async () => {
    await user.page.emulateMedia({ colorScheme });
  });

  it('on the page as it opens', async () => {
    expect(await seriousFindings(user.page)).toEqual([]);
  });

  it('with every tool, menu and dialog', async () => {
    await user.openSample(SAMPLE);
    await user.click({ x: 0.5, y: 0.45 });
    for (const name of ['Click', 'Box', 'Scribble', 'Polygon']) {
      await tool(name);
      expect({ name, found: await seriousFindings(user.page) }).toEqual({ name, found: [] });
    }
    await user.button('Export').click();
    expect(await seriousFindings(user.page)).toEqual([]);
    await user.page.keyboard.press('Escape');
    await user.button('Help').click();
    expect(await seriousFindings(user.page)).toEqual([]);
    await user.page.keyboard.press('Escape');
    await user.openFile({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.alloc(0) });
    await user.status.getByText(/a\.png: the file is empty/).waitFor();
    expect(await seriousFindings(user.page)).toEqual([]);
  });
});

describe('everything can be reached', () => {
  it.each([
    ['on a phone on its side', { width: 844, height: 390 }, 16],
    ['on a phone', { width: 390, height: 844 }, 16],
    ['at a zoom of 400 %', { width: 320, height: 200 }, 16],
    ['with text at 200 %', { width: 1280, height: 800 }, 32],
    ['with text at 200 % on a phone on its side', { width: 844, height: 390 }, 32],
    ['with text at 200 % on a phone', { width: 390, height: 844 }, 32],
  ])('%s', async (_, viewport, fontSize) => {
    await user.page.setViewportSize(viewport);
    const browser = await user.page.context().newCDPSession(user.page);
    await browser.send('Page.setFontSizes', { fontSizes: { standard: fontSize } });
    await user.page.getByRole('button', { name: 'Open sample rocket' }).click();
    await user.waitForPhoto();
    for (const target of [
      ...[
        'Open image',
        'Undo',
        'New object',
        'Export',
        'Help',
        'Zoom in',
        'Zoom out',
        'Fit image',
        'Next photo',
        'Open sample cat',
      ].map((name) => user.button(name)),
      ...['Click', 'Box', 'Scribble', 'Polygon', 'Text', 'Example'].map((name) =>
        user.page.getByRole('radio', { name }),
      ),
      user.canvas,
      user.page.getByText('View', { exact: true }),
      user.page.getByText('Timings'),
      user.status.getByText(/^Model /),
    ]) {
      await target.scrollIntoViewIfNeeded();
      expect(await isOnTop(target), String(target)).toBe(true);
    }
    await user.button('Help').click();
    const close = user.button('Close keys');
    await close.scrollIntoViewIfNeeded();
    expect(await isOnTop(close)).toBe(true);
    await close.click();
    const sideways = await user.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(sideways).toBeLessThanOrEqual(0);
    const size = await user.page.evaluate(() => getComputedStyle(document.body).fontSize);
    expect(parseFloat(size)).toBeCloseTo(0.875 * fontSize, 3);
  });
});

/** Whether the middle of an element is on the screen with nothing of another element over it. */
const isOnTop = (target: ReturnType<PageUnderTest['button']>): Promise<boolean> =>
  target.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const found = document.elementFromPoint(left + width / 2, top + height / 2);
    return width > 0 && found !== null && (element.contains(found) || found.contains(element));
  });

/** The machine may be busy: everything takes more than a hundred answers. */
const LONG = 240_000;

describe('Everything', () => {
  it(
    'finds objects without the network, which clicks correct and one undo takes back',
    { timeout: LONG },
    async () => {
      await user.openSample(SAMPLE);
      const requests: string[] = [];
      user.page.on('request', (request) => requests.push(request.url()));
      await user.button('Everything').click();
      await user.page
        .getByText(/objects found/)
        .first()
        .waitFor({ timeout: LONG });
      expect(requests).toEqual([]);
      // Each mask is kept once it has the edges of the photo.
      await vi.waitUntil(async () => (await user.objects()).every(({ mask }) => mask !== null), {
        timeout: LONG,
        interval: 200,
      });
      const found = await user.objects();
      expect(found.length).toBeGreaterThan(5);
      for (const { prompts, label } of found) {
        expect(prompts.map(({ kind }) => kind)).toEqual(['click']);
        expect(label).not.toBeNull();
      }
      await user.button('Undo').click();
      expect(await user.objects()).toEqual([]);
      await user.button('Redo').click();
      expect(await user.objects()).toHaveLength(found.length);
    },
  );

  it('can be cancelled, and changes nothing then', { timeout: LONG }, async () => {
    await user.openSample(SAMPLE);
    await user.button('Everything').click();
    const bar = user.page.getByRole('progressbar', { name: 'Finding everything' });
    await bar.waitFor();
    await user.button('Cancel').click();
    await bar.waitFor({ state: 'hidden' });
    expect(await user.button('Everything').isEnabled()).toBe(true);
    expect(await user.objects()).toEqual([]);
    await user.click({ x: 0.5, y: 0.3 });
    expect(await user.objects()).toHaveLength(1);
  });
});

describe('words alone', () => {
  it('give everything that they name, and clicks correct the best of it', { timeout: LONG }, async () => {
    await user.openSample(SAMPLE);
    await user.page.getByRole('radio', { name: 'Text' }).check({ force: true });
    const field = user.page.getByRole('textbox', { name: 'Text prompt' });
    await field.fill('cups');
    await field.press('Enter');
    await user.page
      .getByText(/“cups”: \d+ found/)
      .first()
      .waitFor({ timeout: LONG });
    const found = await user.objects();
    expect(found.length).toBeGreaterThan(0);
    for (const { prompts } of found) expect(prompts.map(({ kind }) => kind)).toEqual(['click']);
    expect(found[0]?.label).toBe('cup');
    await user.click({ x: 0.1, y: 0.1 }, 'right');
    expect((await user.objects())[0]?.prompts).toHaveLength(2);
  });
});
