/** What a click would give, shown under the mouse: only there, without the network, and in the way of nothing. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { PageUnderTest } from '../browser';
import { useStage } from '../stage';

const SAMPLE = 'coffee.jpg';

const stage = useStage();
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.visit();
  await user.openSample(SAMPLE);
});

async function hoverAt(x: number, y: number): Promise<void> {
  const at = await user.toScreen({ x, y });
  await user.page.mouse.move(at.x, at.y);
}

const isShown = (): Promise<boolean> =>
  user.canvas.evaluate((canvas: HTMLElement) => canvas.dataset.preview === 'true');

const shown = (): Promise<void> =>
  user.page.waitForSelector('canvas[data-preview=true]').then(() => undefined);

const hidden = (): Promise<void> =>
  user.page.waitForSelector('canvas:not([data-preview])').then(() => undefined);

/** Any preview that could still come has come. */
const settled = (): Promise<void> => user.page.waitForTimeout(500);

/** The colours of the canvas, as one number. */
const picture = (): Promise<number> =>
  user.canvas.evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
    let sum = 0;
    for (const value of data) sum = (31 * sum + value) % 4294967291;
    return sum;
  });

describe('the preview', () => {
  it('follows the mouse without a request, and leaves no trace', async () => {
    const requests: string[] = [];
    user.page.on('request', (request) => requests.push(request.url()));
    const [project, plain] = [await user.project(), await picture()];
    await hoverAt(0.5, 0.3);
    await shown();
    await settled();
    const first = await picture();
    expect(first).not.toBe(plain);
    await hoverAt(0.85, 0.6);
    await expect.poll(picture).not.toBe(first);
    await user.page.mouse.move(2, 2);
    await hidden();
    expect(await picture()).toBe(plain);
    expect(await user.project()).toEqual(project);
    expect(await user.answered()).toBe(0);
    expect(await user.button('Undo').isDisabled()).toBe(true);
    expect(requests).toEqual([]);
  });

  it('is gone with a press, and comes back only once the mouse moves', async () => {
    await hoverAt(0.5, 0.3);
    await shown();
    await user.page.mouse.down();
    await hidden();
    await user.page.mouse.up();
    await user.waitForAnswers(1);
    await settled();
    // It comes back once the mouse moves.
    expect(await isShown()).toBe(false);
    await hoverAt(0.51, 0.3);
    await shown();
  });

  it('is that of a negative click while Shift is held', async () => {
    await user.click({ x: 0.5, y: 0.3 });
    await hoverAt(0.45, 0.5);
    await shown();
    await settled();
    const positive = await picture();
    await user.page.keyboard.down('Shift');
    await expect.poll(picture).not.toBe(positive);
    await user.page.keyboard.up('Shift');
    await expect.poll(picture).toBe(positive);
  });

  it('is that of the negative click that a held right button will give', async () => {
    await user.click({ x: 0.5, y: 0.3 });
    const objects = await user.objects();
    await hoverAt(0.45, 0.5);
    await shown();
    await user.page.mouse.down({ button: 'right' });
    await hidden();
    await shown();
    expect(await user.objects()).toEqual(objects);
    await user.page.mouse.up({ button: 'right' });
    await hidden();
    await user.waitForAnswers(2);
    expect((await user.objects())[0]?.prompts.at(-1)).toMatchObject({ kind: 'click', label: 0 });
  });

  it('is hidden by a dialog, while the image is dragged, and with other tools', async () => {
    await hoverAt(0.5, 0.3);
    await shown();
    await user.page.keyboard.press('?');
    await hidden();
    await settled();
    expect(await isShown()).toBe(false);
    await user.page.keyboard.press('Escape');
    await hoverAt(0.52, 0.3);
    await shown();
    await user.page.mouse.down();
    await hoverAt(0.6, 0.4);
    await hidden();
    await user.page.mouse.up();
    await hoverAt(0.5, 0.4);
    await shown();
    await user.page.keyboard.press('b');
    await hidden();
  });

  it('stays off through a reload once it is switched off', async () => {
    const preview = user.page.getByRole('checkbox', { name: 'Preview' });
    await preview.uncheck();
    await hoverAt(0.5, 0.3);
    await settled();
    expect(await isShown()).toBe(false);
    await user.page.reload();
    await user.waitForEmbedding();
    expect(await preview.isChecked()).toBe(false);
    await hoverAt(0.5, 0.4);
    await settled();
    expect(await isShown()).toBe(false);
    await preview.check();
    await hoverAt(0.5, 0.3);
    await shown();
  });
});

describe('a finger', () => {
  it('has no preview', async () => {
    const touching = await stage.visit('/', { hasTouch: true });
    await touching.openSample(SAMPLE);
    const at = await touching.toScreen({ x: 0.5, y: 0.3 });
    await touching.page.touchscreen.tap(at.x, at.y);
    await touching.waitForAnswers(1);
    await touching.page.waitForTimeout(500);
    expect(await touching.canvas.getAttribute('data-preview')).toBeNull();
  });
});
