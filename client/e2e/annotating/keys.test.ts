/** Keys of objects and photos, on a real keyboard. */
import { beforeEach, expect, it } from 'vitest';
import { seriousFindings } from '../axe';
import { samplePath, type PageUnderTest } from '../browser';
import { useStage } from '../stage';

const stage = useStage();
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.visit();
});

const numbers = async (photo = 0): Promise<unknown[]> =>
  ((await user.project()).images[photo]?.objects ?? []).map(({ number }) => number);

const current = (): Promise<string | null> =>
  user.page.locator('[aria-label="Photos"] [aria-current="true"]').innerText();

const selected = (): Promise<string[]> =>
  user.page.locator('.object[aria-current="true"] .swatch').allInnerTexts();

async function openTwo(): Promise<void> {
  const chooser = user.page.waitForEvent('filechooser');
  await user.button('Open image').click();
  await (await chooser).setFiles([samplePath('coffee.jpg'), samplePath('chelsea.jpg')]);
  await user.button('Next photo').waitFor();
}

it('select, hide, duplicate and copy objects to another photo', async () => {
  await openTwo();
  await user.canvas.focus();
  await user.page.keyboard.press('c');
  const middle = { x: 0.5, y: 0.45 };
  const box = await user.canvas.boundingBox();
  if (box === null) throw new Error('no canvas');
  const click = (dx = 0): Promise<void> =>
    user.page.mouse.click(box.x + box.width * (middle.x + dx), box.y + box.height * middle.y);
  await click();
  await user.waitForAnswers(1);
  await user.page.keyboard.press('Control+d');
  expect([await numbers(), await selected()]).toEqual([[1, 2], ['2']]);
  await user.waitForAnswers(2);
  await user.page.keyboard.press('PageUp');
  expect(await selected()).toEqual(['1']);
  await user.page.keyboard.press('v');
  expect(await user.page.getByRole('radio', { name: 'Select' }).isChecked()).toBe(true);
  await click();
  expect(await selected()).toEqual(['2']);
  await user.page.keyboard.press('h');
  expect((await user.project()).images[0]?.objects.map(({ hidden }) => hidden ?? false)).toEqual([
    false,
    true,
  ]);
  await user.page.keyboard.press('Shift+H');
  await click();
  await user.page.keyboard.press('Control+c');
  await user.page.keyboard.press('.');
  await user.page.keyboard.press('Control+v');
  await user.waitForAnswers(3);
  expect([await numbers(0), await numbers(1)]).toEqual([[1, 2], [1]]);
});

it('Tab goes through the objects while the canvas has the focus, and leaves it after the last', async () => {
  await user.openSample('coffee.jpg');
  await user.click({ x: 0.5, y: 0.3 });
  await user.page.keyboard.press('Control+d');
  await user.page.keyboard.press('Control+d');
  const onCanvas = (): Promise<boolean> =>
    user.page.evaluate(() => document.activeElement instanceof HTMLCanvasElement);
  for (const [key, number] of [
    ['Shift+Tab', '2'],
    ['Shift+Tab', '1'],
    ['Tab', '2'],
    ['Tab', '3'],
  ] as const) {
    await user.page.keyboard.press(key);
    expect([await selected(), await onCanvas()]).toEqual([[number], true]);
  }
  await user.page.keyboard.press('Tab');
  expect([await selected(), await onCanvas()]).toEqual([['3'], false]);
});

it('turn photos, by buttons and by arrows where nothing has the focus', async () => {
  await openTwo();
  expect(await current()).toBe('coffee.jpg');
  await user.button('Next photo').click();
  expect(await current()).toBe('chelsea.jpg');
  expect(await user.button('Next photo').isDisabled()).toBe(true);
  await user.button('Previous photo').click();
  expect(await current()).toBe('coffee.jpg');
  await user.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await user.page.keyboard.press('ArrowRight');
  expect(await current()).toBe('chelsea.jpg');
  await user.page.keyboard.press('ArrowLeft');
  expect(await current()).toBe('coffee.jpg');
  await user.page.getByRole('radio', { name: 'Click' }).focus();
  await user.page.keyboard.press('ArrowRight');
  expect([await current(), await user.page.getByRole('radio', { name: 'Box' }).isChecked()]).toEqual([
    'coffee.jpg',
    true,
  ]);
});

it('are changed in a dialog, which says what two of them mean, and outlive a reload', async () => {
  await openTwo();
  await user.page.keyboard.press('?');
  const dialog = user.page.getByRole('dialog', { name: 'Keys' });
  const keyOf = (does: string) => dialog.getByRole('button', { name: new RegExp(`^.*: key of ${does}$`) });
  await keyOf('Photo after').press('Enter');
  await user.page.keyboard.press('Control+t');
  await dialog.getByText('Browsers keep this key for themselves').waitFor();
  await user.page.keyboard.press('h');
  await dialog.getByText('Also: Hide the selected object').waitFor();
  expect(await seriousFindings(user.page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Take it from there' }).press('Enter');
  expect(await keyOf('Hide the selected object').innerText()).toBe('none');
  // Escape ends the waiting for a key, and the dialog only after that.
  await keyOf('Photo before').press('Enter');
  await user.page.keyboard.press('Escape');
  expect(await keyOf('Photo before').innerText()).toBe('Comma, Left arrow');
  await user.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await user.page.reload();
  // Before it, the second photo may not be open yet.
  await user.status.getByText(/^Continued: /).waitFor();
  expect(await current()).toBe('coffee.jpg');
  await user.page.keyboard.press('h');
  expect(await current()).toBe('chelsea.jpg');
  expect(await user.button('Next photo').getAttribute('aria-keyshortcuts')).toBe('H');
  await user.button('Help').click();
  await dialog.getByRole('radio', { name: 'CVAT' }).check();
  await user.page.keyboard.press('Escape');
  await user.page.keyboard.press('d');
  expect(await current()).toBe('coffee.jpg');
});
