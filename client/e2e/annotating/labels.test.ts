/** Classes, digits and labels, by keys and by the list. */
import { beforeEach, describe, expect, it } from 'vitest';
import { seriousFindings } from '../axe';
import type { PageUnderTest } from '../browser';
import { useStage } from '../stage';

const stage = useStage();
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.visit();
  await user.openSample('coffee.jpg');
});

const labels = async (): Promise<unknown[]> =>
  (await user.objects()).map(({ label, label_origin }) => (label_origin === 'user' ? label : null));

const classes = (): Promise<string[]> =>
  user.page.getByRole('list', { name: 'Classes' }).locator('.class-name').allInnerTexts();

async function addClass(name: string): Promise<void> {
  await user.page.getByRole('textbox', { name: 'New class' }).fill(name);
  await user.page.keyboard.press('Enter');
}

/** `#rrggbb` in the list of classes. */
const colourOf = (name: string): Promise<string> => user.page.getByLabel(`Colour of ${name}`).inputValue();

/** `#rrggbb` in the list of objects. */
const swatches = (): Promise<readonly string[]> =>
  user.page.locator('.swatch').evaluateAll((found) =>
    found.map((swatch) => {
      const channels = getComputedStyle(swatch).backgroundColor.match(/\d+/g) ?? [];
      return `#${channels.map((channel) => Number(channel).toString(16).padStart(2, '0')).join('')}`;
    }),
  );

/** Pixels of the canvas that are blue, as outlines of masks in that colour are. */
async function bluePixels(): Promise<number> {
  const picture = await user.canvas.screenshot();
  return user.page.evaluate(async (data) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context?.drawImage(bitmap, 0, 0);
    const pixels = context?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? [];
    let blue = 0;
    for (let at = 0; at < pixels.length; at += 4) {
      const [r = 0, g = 0, b = 0] = [pixels[at], pixels[at + 1], pixels[at + 2]];
      if (b > 220 && r < 40 && g < 40) blue++;
    }
    return blue;
  }, picture.toString('base64'));
}

/** Let the canvas have the keys. */
const focusCanvas = (): Promise<void> => user.canvas.focus();

describe('classes', () => {
  it('are made in the list, chosen by digits, and kept through a reload', async () => {
    for (const name of ['mug', 'spoon', 'table']) await addClass(name);
    expect(await classes()).toEqual(['mug', 'spoon', 'table']);
    await user.click({ x: 0.5, y: 0.3 });
    expect(await labels()).toEqual([null]);
    await focusCanvas();
    await user.page.keyboard.press('3');
    expect(await labels()).toEqual(['table']);
    expect(await user.page.getByRole('radio', { name: 'Click' }).isChecked()).toBe(true);
    await user.button('Move class table up').click();
    await user.page.keyboard.press('Enter');
    expect(await classes()).toEqual(['table', 'mug', 'spoon']);
    await user.status.getByText('Saved', { exact: true }).waitFor();
    await user.page.reload();
    await user.waitForEmbedding();
    await user.waitForAnswers(1);
    expect([await labels(), await classes()]).toEqual([['table'], ['table', 'mug', 'spoon']]);
  });

  it('without a list are the labels that were typed', async () => {
    await user.click({ x: 0.5, y: 0.3 });
    await user.page.getByRole('combobox', { name: 'Label of object 1' }).fill('cup');
    await user.page.keyboard.press('Enter');
    expect(await classes()).toEqual(['cup']);
    await user.page.keyboard.press('n');
    await user.click({ x: 0.2, y: 0.8 });
    await user.page.keyboard.press('1');
    expect(await labels()).toEqual(['cup', 'cup']);
    expect(new Set([await colourOf('cup'), ...(await swatches())]).size).toBe(1);
  });

  it('are pasted a line each, and undone', async () => {
    await user.button('Class names').click();
    await user.page.getByRole('textbox', { name: 'Class names' }).fill('leaf\nripe apple\n\nleaf');
    await user.button('Use the model’s names').click();
    expect(await classes()).toEqual(['leaf', 'ripe apple']);
    await user.button('Undo').click();
    expect(await classes()).toEqual([]);
    await user.button('Redo').click();
    expect(await classes()).toEqual(['leaf', 'ripe apple']);
  });

  it('that look alike get other colours where the user wants that, in the same step', async () => {
    const colours = async (): Promise<readonly string[]> => [await colourOf('apple'), await colourOf('leaf')];
    await user.button('Class names').click();
    await user.page.getByRole('textbox', { name: 'Class names' }).fill('apple\nleaf');
    await user.button('Use the model’s names').click();
    const [apple = '', leaf] = await colours();
    expect(leaf).toBe(apple);
    await user.button('Class names').click();
    await user.page.getByRole('checkbox', { name: /colours look alike/ }).check();
    await user.button('Use the model’s names').click();
    const [same, other] = await colours();
    expect(same).toBe(apple);
    expect(other).not.toBe(apple);
    expect((await user.project()).class_colours).toEqual({ leaf: other });
    await user.button('Undo').click();
    expect(await colours()).toEqual([apple, apple]);
    expect(await classes()).toEqual(['apple', 'leaf']);
  });

  it('have a colour that the user chooses, undoes, keeps and finds in files', async () => {
    await addClass('mug');
    const byName = await colourOf('mug');
    await focusCanvas();
    await user.page.keyboard.press('1');
    await user.click({ x: 0.5, y: 0.3 });
    const colour = user.page.getByLabel('Colour of mug');
    await colour.fill('#0000ff');
    const all = async (): Promise<unknown> => [await colourOf('mug'), ...(await swatches())];
    await expect.poll(all).toEqual(['#0000ff', '#0000ff']);
    await expect.poll(bluePixels).toBeGreaterThan(100);
    // Its control has the focus, and is no field that keys are typed into.
    await user.page.keyboard.press('Control+z');
    await expect.poll(all).toEqual([byName, byName]);
    await expect.poll(bluePixels).toBe(0);
    await user.button('Redo').click();
    await expect.poll(all).toEqual(['#0000ff', '#0000ff']);
    await user.status.getByText('Saved', { exact: true }).waitFor();
    await user.page.reload();
    await user.waitForEmbedding();
    await user.waitForAnswers(1);
    expect(await all()).toEqual(['#0000ff', '#0000ff']);
    expect((await user.exportAs('CVAT')).toString()).toContain('<name>mug</name>\n<color>#0000ff</color>');
    await user.page.keyboard.press('Escape');
    expect((await user.project()).class_colours).toEqual({ mug: '#0000ff' });
    await user.button('Attributes of class mug').click();
    await user.button('Colour by name').click();
    await expect.poll(all).toEqual([byName, byName]);
    expect((await user.project()).class_colours).toBeUndefined();
    await user.button('Attributes of class mug').click();
    await user.page.getByRole('dialog', { name: 'Attributes of “mug”' }).waitFor();
    expect(await user.button('Colour by name').count()).toBe(0);
  });

  it('change their colour while it is looked for, in one step', async () => {
    await addClass('mug');
    const byName = await colourOf('mug');
    const colour = user.page.getByLabel('Colour of mug');
    await focusCanvas();
    await user.page.keyboard.press('1');
    await user.click({ x: 0.5, y: 0.3 });
    // As browsers do it while somebody drags in their picker.
    for (const tried of ['#ff0000', '#00ff00'])
      await colour.evaluate((input: HTMLInputElement, value) => {
        input.value = value;
        input.dispatchEvent(new Event('input', { bubbles: true }));
      }, tried);
    await expect.poll(swatches).toEqual(['#00ff00']);
    expect((await user.project()).class_colours).toBeUndefined();
    await colour.dispatchEvent('change');
    expect((await user.project()).class_colours).toEqual({ mug: '#00ff00' });
    await user.button('Undo').click();
    await expect.poll(swatches).toEqual([byName]);
    expect(await colourOf('mug')).toBe(byName);
  });

  it('are read by axe as well as by people', async () => {
    for (const name of ['mug', 'a very long name of a class that fits in no list of this page'])
      await addClass(name);
    await user.click({ x: 0.5, y: 0.3 });
    await focusCanvas();
    await user.page.keyboard.press('1');
    await user.page.getByLabel('Colour of mug').fill('#1a0033');
    for (const colorScheme of ['light', 'dark'] as const) {
      await user.page.emulateMedia({ colorScheme });
      expect(await seriousFindings(user.page)).toEqual([]);
    }
  });

  it('that are guesses have a tick beside the eye, also with text at 200 %', async () => {
    const browser = await user.page.context().newCDPSession(user.page);
    await browser.send('Page.setFontSizes', { fontSizes: { standard: 32 } });
    await user.click({ x: 0.5, y: 0.3 });
    const tick = await user.button('Confirm label of object 1').locator('svg').boundingBox();
    const eye = await user.button('Hide object 1').boundingBox();
    expect((tick?.x ?? 0) + (tick?.width ?? 0)).toBeLessThanOrEqual(eye?.x ?? 0);
  });
});
