/** How masks are drawn, and in what detail the model sees the photo. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { seriousFindings } from '../axe';
import { samplePath, type PageUnderTest } from '../browser';
import { iou } from '../masks';
import { drawLargePhoto, FIRST, overlap, partOf, SECOND } from './largePhoto';
import { run, SPLITSEEM, splitseem } from '../programs';
import { useStage } from '../stage';
import type { CocoRle } from '../../src/shared/types';

const stage = useStage();

/** Red, green and blue at a part of the photo, as it is on the screen. */
const pixelAt = async (user: PageUnderTest, part: { x: number; y: number }): Promise<readonly number[]> => {
  const at = await user.toScreen(part);
  const box = await user.canvas.boundingBox();
  await user.page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
  return user.canvas.evaluate(
    (canvas: HTMLCanvasElement, { x, y }) => {
      const ratio = window.devicePixelRatio;
      return [...(canvas.getContext('2d')?.getImageData(x * ratio, y * ratio, 1, 1).data ?? [])].slice(0, 3);
    },
    { x: at.x - (box?.x ?? 0), y: at.y - (box?.y ?? 0) },
  );
};

/** The queries of all embeddings that the page asks for from now on. */
function embedQueries({ page }: PageUnderTest): readonly string[] {
  const asked: string[] = [];
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname === '/v1/embed') asked.push(search);
  });
  return asked;
}

const light = (pixel: readonly number[]): number => pixel.reduce((sum, value) => sum + value, 0);

it('is chosen in a menu, by keys too; another canvas gives the masks of the command line', async () => {
  const user = await stage.visit();
  const asked = embedQueries(user);
  await user.openSample('coffee.jpg');
  const [inside, outside] = [
    { x: 0.5, y: 0.3 },
    { x: 0.05, y: 0.95 },
  ];
  const bare = { inside: await pixelAt(user, inside), outside: await pixelAt(user, outside) };
  await user.click({ x: 0.5, y: 0.45 });
  await user.page.mouse.move(2, 2);
  expect(await pixelAt(user, inside)).not.toEqual(bare.inside);
  await user.page.keyboard.press('o');
  expect(await pixelAt(user, inside)).toEqual(bare.inside);
  await user.page.keyboard.press('o');
  expect(light(await pixelAt(user, outside))).toBeLessThan(light(bare.outside) * 0.6);
  expect(await pixelAt(user, inside)).toEqual(bare.inside);
  await user.page.getByText('View', { exact: true }).press('Enter');
  await user.page.getByRole('radio', { name: 'Filled' }).check();
  const detail = user.page.getByRole('radiogroup', { name: 'Detail' });
  await detail.getByText('384, usual').waitFor();
  expect(await seriousFindings(user.page)).toEqual([]);
  const before = await user.objects();
  await detail.getByRole('radio', { name: /^512/ }).check();
  await expect.poll(async () => (await user.objects())[0]?.mask ?? null, { timeout: 60_000 }).toBeNull();
  await expect.poll(async () => (await user.objects())[0]?.mask ?? null, { timeout: 60_000 }).not.toBeNull();
  expect(asked).toEqual(['', '?canvas=512']);
  const [image] = (await user.project()).images;
  const [object] = image?.objects ?? [];
  const [prompt] = object?.prompts ?? [];
  if (prompt?.kind !== 'click' || !object?.mask) throw new Error('no click with a mask');
  expect([image?.canvas, object.mask]).not.toEqual([null, before[0]?.mask]);
  const out = join(stage.folder, 'replayed.json');
  const click = ['--point', `${prompt.x},${prompt.y}`];
  await splitseem('segment', samplePath('coffee.jpg'), ...click, '--canvas', '512', '-o', out);
  const replayed = JSON.parse(readFileSync(out, 'utf8')) as CocoRle;
  expect(iou(object.mask, replayed)).toBeGreaterThan(0.99);
  // After a reload it is what it was.
  await user.page.reload();
  await expect
    .poll(async () => (await user.project()).images[0]?.objects[0]?.mask ?? null, { timeout: 60_000 })
    .toEqual(object.mask);
  expect((await user.project()).images[0]?.canvas).toBe(512);
});

const masks = async (user: PageUnderTest): Promise<readonly (CocoRle | null)[]> =>
  (await user.objects()).map(({ mask }) => mask);

const untilMasks = async (user: PageUnderTest, count: number): Promise<readonly CocoRle[]> => {
  await expect
    .poll(async () => (await masks(user)).filter((mask) => mask !== null).length, { timeout: 60_000 })
    .toBe(count);
  return (await masks(user)).flatMap((mask) => mask ?? []);
};

it('gives small objects of a large photo exact masks, undone, saved and replayed like any other', async () => {
  const user = await stage.visit();
  const { page } = user;
  const asked = embedQueries(user);
  const buffer = await drawLargePhoto(page);
  await user.openFile({ name: 'large.jpg', mimeType: 'image/jpeg', buffer });
  await user.waitForEmbedding();
  const whole = await user.click(partOf(FIRST));
  const at = await user.toScreen(partOf(FIRST));
  await page.mouse.move(at.x, at.y);
  for (let k = 0; k < 10; k++) await page.mouse.wheel(0, -120);

  // The selected object is answered again, in the part that is in sight.
  await page.keyboard.press('z');
  await expect.poll(() => asked.length).toBe(2);
  const [sharp] = await untilMasks(user, 1);
  expect(overlap(sharp, FIRST)).toBeGreaterThan(0.95);
  expect(overlap(whole.mask, FIRST)).toBeLessThan(0.5);
  const [object] = await user.objects();
  expect(asked).toEqual(['', `?roi=${object?.roi_xywh?.join() ?? ''}`]);
  await page.keyboard.press('Control+z');
  expect(await masks(user)).toEqual([whole.mask]);
  await page.keyboard.press('Control+y');
  expect(await masks(user)).toEqual([sharp]);

  // The next one begins there, with no request more.
  const scale = Number((await page.locator('.zoom-value').innerText()).replace(/\D/g, '')) / 100;
  await page.keyboard.press('Enter');
  await page.mouse.click(at.x + (SECOND.x - FIRST.x) * scale, at.y + (SECOND.y - FIRST.y) * scale);
  const both = await untilMasks(user, 2);
  expect(overlap(both[1], SECOND)).toBeGreaterThan(0.95);
  expect(asked).toHaveLength(2);

  // What Python makes of the prompts, and what a reload brings back, are the same masks.
  const folder = join(stage.folder, 'sharp');
  mkdirSync(folder);
  const [project, photo] = [join(folder, 'project.json'), join(folder, 'large.jpg')];
  writeFileSync(project, await user.exportAs('Project'));
  writeFileSync(photo, buffer);
  await run([SPLITSEEM, 'replay'], [project, photo, '--at-least', '0.99']);
  await page.reload();
  expect(await untilMasks(user, 2)).toEqual(both);

  // The network fails: it says so, and is tried again.
  await page.route('**/v1/embed?roi=*', (route) => route.abort());
  await page.mouse.move(at.x, at.y);
  for (let k = 0; k < 6; k++) await page.mouse.wheel(0, -120);
  await page.getByText('View', { exact: true }).press('Enter');
  await user.button('Sharpen here').click();
  const again = user.button('Try again');
  await again.waitFor({ timeout: 60_000 });
  expect(await seriousFindings(page)).toEqual([]);
  await page.unroute('**/v1/embed?roi=*');
  await again.click();
  await again.waitFor({ state: 'detached' });
  expect(await user.button('Sharpen here').getAttribute('aria-pressed')).toBe('true');
  await user.button('Whole photo').click();
  expect(await user.button('Sharpen here').getAttribute('aria-pressed')).toBe('false');
});

it('shows no edge of the sharper part once the photo is seen as a whole again', async () => {
  const user = await stage.visit();
  const { page } = user;
  const bytes = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(3000, 2000);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no 2D canvas');
    context.fillStyle = 'rgb(20 40 60)';
    context.fillRect(0, 0, 3000, 2000);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  await user.openFile({ name: 'flat.png', mimeType: 'image/png', buffer: Buffer.from(bytes) });
  await user.waitForPhoto();
  const at = await user.toScreen({ x: 0.613, y: 0.377 });
  await page.mouse.move(at.x, at.y);
  for (let k = 0; k < 9; k++) await page.mouse.wheel(0, -120);
  // The sharper part is there once the view has rested.
  await page.waitForTimeout(1500);
  await user.button('Fit image').click();
  await page.waitForTimeout(300);
  const shades = await user.canvas.evaluate((canvas: HTMLCanvasElement) => {
    const [width, height] = [canvas.width / 2, canvas.height / 2];
    const seen = canvas.getContext('2d')?.getImageData(width / 2, height / 2, width, height);
    return new Set(new Uint32Array(seen?.data.buffer ?? new ArrayBuffer(0))).size;
  });
  expect(shades).toBe(1);
});

it('sees a small object closer by a key, and each by itself once that is chosen', async () => {
  const user = await stage.visit();
  const { page } = user;
  const asked = embedQueries(user);
  const buffer = await drawLargePhoto(page);
  await user.openFile({ name: 'large.jpg', mimeType: 'image/jpeg', buffer });
  await user.waitForEmbedding();
  await user.click(partOf(FIRST));
  await page.keyboard.press('z');
  await expect
    .poll(async () => overlap((await masks(user))[0], FIRST), { timeout: 60_000 })
    .toBeGreaterThan(0.95);
  await page.keyboard.press('Enter');
  await page.getByText('View', { exact: true }).press('Enter');
  await page.getByRole('checkbox', { name: 'Sharpen small objects as they come' }).check();
  await page.keyboard.press('Escape');
  await user.click(partOf(SECOND));
  await expect
    .poll(async () => overlap((await masks(user))[1], SECOND), { timeout: 60_000 })
    .toBeGreaterThan(0.95);
  const parts = (await user.objects()).map(({ roi_xywh: part }) => `?roi=${part?.join() ?? ''}`);
  expect(asked).toEqual(['', ...parts]);
});
