/** What is done with whole objects beside prompts: examples, repairs, locks, groups, attributes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it, vi } from 'vitest';
import { rleArea } from '../../src/shared/rle';
import { seriousFindings } from '../axe';
import { samplePath, type PageUnderTest } from '../browser';
import { iou } from '../masks';
import { run, SPLITSEEM } from '../programs';
import { useStage } from '../stage';

const WAIT = { timeout: 60_000, interval: 50 };
const folder = mkdtempSync(join(tmpdir(), 'splitseem-objects-'));
afterAll(() => rmSync(folder, { recursive: true }));

const stage = useStage();
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.visit();
});

/** Two photos, of which the first is shown and answers. */
async function openTwo(): Promise<void> {
  const chooser = user.page.waitForEvent('filechooser');
  await user.button('Open image').click();
  await (await chooser).setFiles([samplePath('coffee.jpg'), samplePath('coffee.jpg')]);
  await user.button('Next photo').waitFor();
  await user.waitForEmbedding();
}

const CUP = { x: 0.5, y: 0.45 };

it('an object is an example on another photo, by its row and the key E, without a request', async () => {
  await openTwo();
  await user.press(CUP);
  await user.waitForAnswers(1);
  const shown = (await user.project()).images[0]?.objects[0]?.mask;
  await user.page.getByRole('combobox', { name: 'Label of object 1', exact: true }).fill('my cup');
  await user.page.keyboard.press('Enter');
  const requests: string[] = [];
  user.page.on('request', (request) => requests.push(request.url()));
  await user.button('Use object 1 as example').click();
  expect(await user.page.getByRole('radio', { name: 'Example' }).isChecked()).toBe(true);
  await user.button('Next photo').click();
  await user.button('Find here').click();
  await user.status.getByText(/^Like 1 my cup: \d+ new/).waitFor();
  const found = (await user.project()).images[1]?.objects ?? [];
  expect(found[0]?.prompts.map(({ kind }) => kind)).toEqual(['click']);
  expect(found.map(({ label, label_origin }) => [label, label_origin])).toContainEqual(['my cup', 'user']);
  if (!shown) throw new Error('the object has no mask');
  expect(Math.max(...found.map(({ mask }) => (mask ? iou(mask, shown) : 0)))).toBeGreaterThan(0.8);
  const before = found.length;
  await user.canvas.focus();
  await user.page.keyboard.press('e');
  await user.status.getByText('Like 1 my cup: 0 new').waitFor();
  expect((await user.project()).images[1]?.objects).toHaveLength(before);
  await user.page.keyboard.press('Control+z');
  expect((await user.project()).images[1]?.objects).toHaveLength(0);
  // What was opened of photos comes from memory.
  expect(requests.filter((url) => url.startsWith('http'))).toEqual([]);
});

it('a place or a box of the photo is an example of what is like it there', async () => {
  await user.openSample('coffee.jpg');
  await user.page.keyboard.press('e');
  const options = await user.page.getByLabel('Example object').locator('option').allTextContents();
  expect(options).toEqual(['Choose an example, or click on it']);
  expect(await user.button('Find here').isDisabled()).toBe(true);
  await user.press(CUP);
  await user.status.getByText(/^Like the place that you showed: [1-9]\d* new/).waitFor();
  const found = (await user.project()).images[0]?.objects.length ?? 0;
  const [from, to] = [await user.toScreen({ x: 0.3, y: 0.2 }), await user.toScreen({ x: 0.75, y: 0.75 })];
  await user.page.mouse.move(from.x, from.y);
  await user.page.mouse.down();
  await user.page.mouse.move(to.x, to.y, { steps: 4 });
  await user.page.mouse.up();
  await user.status.getByText(/^Like the place that you showed: \d+ new/).waitFor();
  expect((await user.project()).images[0]?.objects.length).toBeGreaterThanOrEqual(found);
});

it('a selected object is repaired, locked, grouped and described by keys and fields', async () => {
  await user.openSample('coffee.jpg');
  await user.click(CUP);
  await user.page.keyboard.press('Shift+F');
  await user.page.keyboard.press('Shift+S');
  await user.waitForAnswers(3);
  expect((await user.objects())[0]?.prompts.map(({ kind }) => kind)).toEqual(['click', 'repair', 'repair']);
  await user.page.getByRole('textbox', { name: 'New class' }).fill('cup');
  await user.page.keyboard.press('Enter');
  await user.page.getByRole('button', { name: 'Attributes of class cup' }).click();
  await user.page.getByRole('textbox', { name: 'Attributes' }).fill('colour = white, red\nfull?');
  expect(await seriousFindings(user.page)).toEqual([]);
  await user.page.getByRole('button', { name: 'Use these attributes' }).click();
  await user.canvas.focus();
  await user.page.keyboard.press('1');
  await user.page
    .getByRole('group', { name: /^Attributes of/ })
    .getByLabel('colour')
    .selectOption('red');
  await user.page.getByLabel('full').check();
  await user.page.keyboard.press('Control+d');
  await user.page.keyboard.press('Control+g');
  await user.page.keyboard.press('Shift+L');
  expect(await seriousFindings(user.page)).toEqual([]);
  await user.page.keyboard.press('Delete');
  const [first, second] = await user.objects();
  expect([first?.group, second?.group, second?.locked]).toEqual([1, 1, true]);
  expect(first?.attributes).toEqual({ colour: 'red', full: true });
});

it('a key goes through what the last click may mean, which is kept, undone, and made again by Python', async () => {
  await user.openSample('coffee.jpg');
  await user.click({ x: 0.43, y: 0.29 });
  const finalMask = async () => {
    const mask = async () => (await user.objects())[0]?.mask;
    return vi.waitUntil(mask, WAIT);
  };
  const asked: string[] = [];
  user.page.on('request', (request) => asked.push(request.url()));
  const extentOf = async () => {
    const prompt = (await user.objects())[0]?.prompts[0];
    return prompt?.kind === 'click' ? (prompt.extent ?? 'first') : null;
  };
  const areas: number[] = [];
  for (const extent of ['first', 'smaller', 'larger']) {
    if (extent !== 'first') await user.page.keyboard.press('g');
    await vi.waitUntil(async () => (await extentOf()) === extent, WAIT);
    areas.push(rleArea(await finalMask()));
  }
  const [first = 0, smaller = 0, larger = 0] = areas;
  expect(smaller).toBeLessThan(first);
  expect(larger).toBeGreaterThan(1.5 * first);
  expect(asked.filter((url) => url.startsWith('http'))).toEqual([]);
  await user.button('Another mask for object 1, 3 of 3').waitFor();
  expect(await seriousFindings(user.page)).toEqual([]);

  await user.page.keyboard.press('Control+z');
  await vi.waitUntil(async () => (await extentOf()) === 'smaller', WAIT);
  expect(rleArea(await finalMask())).toBe(smaller);
  await user.page.keyboard.press('Control+y');
  await user.press({ x: 0.9, y: 0.9 }, 'right');
  await user.waitForAnswers(2);
  const corrected = await finalMask();
  expect(rleArea(corrected)).toBeGreaterThan(1.3 * first);
  const [project, photos] = [join(folder, 'project.json'), samplePath('coffee.jpg')];
  writeFileSync(project, await user.exportAs('Project'));
  expect(await run([SPLITSEEM, 'replay'], [project, photos, '--at-least', '0.99'])).toContain('1 objects');
  await user.page.reload();
  await user.waitForEmbedding();
  await user.waitForAnswers(2);
  expect(await finalMask()).toEqual(corrected);
});
