/** A strip of photos: their states, what is next, and what a reload brings back. */
import { readFileSync } from 'node:fs';
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

it('is exported as a whole, or only the photo on screen', async () => {
  const answer = async (name: string): Promise<void> => {
    await user.button(name).click();
    await user.canvas.focus();
    const before = await user.answered();
    // The crosshair begins in the middle.
    await user.page.keyboard.press('Enter');
    await user.page.keyboard.press('Enter');
    await user.waitForAnswers(before + 1);
  };
  await answer('coffee.jpg');
  await answer('chelsea.jpg');
  const named = async (): Promise<readonly string[]> => {
    const coco = JSON.parse((await user.exportAs('COCO')).toString()) as {
      images: { file_name: string }[];
      annotations: unknown[];
    };
    expect(coco.annotations).toHaveLength(2);
    return coco.images.map(({ file_name }) => file_name);
  };
  expect(await named()).toEqual(['coffee.jpg', 'chelsea.jpg', 'rocket.jpg']);
  await user.button('Export').click();
  await user.page.getByRole('radio', { name: 'Only the photo on screen' }).check();
  const download = user.page.waitForEvent('download');
  await user.button('Save').click();
  const text = readFileSync(await (await download).path(), 'utf8');
  const shownAlone = JSON.parse(text) as { images: { file_name: string }[] };
  expect(shownAlone.images.map(({ file_name }) => file_name)).toEqual(['chelsea.jpg']);
  // It is a choice for one file: the next has all photos again.
  expect(await named()).toEqual(['coffee.jpg', 'chelsea.jpg', 'rocket.jpg']);
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
