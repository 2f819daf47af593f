/** A strip of photos: their states, what is next, and what a reload brings back. */
import { beforeEach, expect, it } from 'vitest';
import { seriousFindings } from '../axe';
import { samplePath, type PageUnderTest } from '../browser';
import { useStage } from '../stage';

const stage = useStage();
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.visit();
  const chooser = user.page.waitForEvent('filechooser');
  await user.button('Open image').click();
  await (await chooser).setFiles(['coffee.jpg', 'chelsea.jpg', 'rocket.jpg'].map(samplePath));
  await user.button('rocket.jpg').waitFor();
});

const states = (): Promise<string[]> =>
  user.page.locator('[aria-label="Photos"] .photo-state').allInnerTexts();

const shown = (): Promise<string> =>
  user.page.locator('[aria-label="Photos"] [aria-current="true"]').innerText();

const mark = (state: string): Promise<unknown> =>
  user.page.getByRole('combobox', { name: 'State of the photo' }).selectOption(state);

it('is worked through, filtered, undone and kept through a reload', async () => {
  expect(await states()).toEqual(['To do', 'To do', 'To do']);
  await user.canvas.focus();
  await user.page.keyboard.press('Control+Enter');
  expect([await shown(), await states()]).toEqual(['chelsea.jpg', ['Done', 'To do', 'To do']]);
  await mark('Rejected');
  await user.page.getByRole('textbox', { name: 'Note on the photo' }).fill('too dark');
  await user.button('Next to do').click();
  expect([await shown(), await states()]).toEqual(['rocket.jpg', ['Done', 'Rejected', 'To do']]);
  await mark('Checked');
  await user.button('Undo').click();
  expect(await states()).toEqual(['Done', 'Rejected', 'To do']);
  await user.page.getByRole('combobox', { name: 'Which photos' }).selectOption('Rejected (1)');
  expect(await user.page.locator('[aria-label="Photos"] > li').count()).toBe(1);
  await user.status.getByText('Saved', { exact: true }).waitFor();
  await user.page.reload();
  await user.button('rocket.jpg').waitFor();
  await user.page.getByRole('textbox', { name: 'Note on the photo' }).waitFor();
  await expect.poll(states).toEqual(['Done', 'Rejected', 'To do']);
  await user.button('chelsea.jpg').click();
  expect(await user.page.getByRole('textbox', { name: 'Note on the photo' }).inputValue()).toBe('too dark');
});

it('is read by axe as well as by people', async () => {
  await mark('Rejected');
  await user.button('Next to do').click();
  await mark('Checked');
  for (const colorScheme of ['light', 'dark'] as const) {
    await user.page.emulateMedia({ colorScheme });
    expect(await seriousFindings(user.page)).toEqual([]);
  }
});
