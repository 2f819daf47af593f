/** How masks are drawn, and the canvas that the model sees the photo on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { seriousFindings } from '../axe';
import { samplePath, type PageUnderTest } from '../browser';
import { iou } from '../masks';
import { splitseem } from '../programs';
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

const light = (pixel: readonly number[]): number => pixel.reduce((sum, value) => sum + value, 0);

it('is chosen in a menu, by keys too; another canvas gives the masks of the command line', async () => {
  const user = await stage.visit();
  const asked: string[] = [];
  user.page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname === '/v1/embed') asked.push(search);
  });
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
