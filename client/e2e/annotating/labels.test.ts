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
    const colours = await user.page
      .locator('.swatch, .class-colour')
      .evaluateAll(
        (swatches) => new Set(swatches.map((swatch) => getComputedStyle(swatch).backgroundColor)).size,
      );
    expect(colours).toBe(1);
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

  it('are read by axe as well as by people', async () => {
    for (const name of ['mug', 'a very long name of a class that fits in no list of this page'])
      await addClass(name);
    await user.click({ x: 0.5, y: 0.3 });
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
