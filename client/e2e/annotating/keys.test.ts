/** Keys of objects and photos, on a real keyboard. */
import { beforeEach, expect, it } from 'vitest';
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
