/** A video that is made here: its frames become photos, and a thing is followed through them. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { useStage } from '../stage';
import { diskAt, VIDEO, videoOfDisk } from './videoFile';
import { maskFromRle } from '../../src/shared/rle';
import type { Project } from '../../src/shared/types';

const stage = useStage();

/** Photos a second of the video. */
const RATE = 3;

/** IoU with the disk as it is when the photo is taken, in the middle of its time. */
function likeDisk({ objects }: Project['images'][number], photo: number): number {
  const mask = objects[0]?.mask;
  if (mask == null) return 0;
  const x = diskAt(Math.floor(((photo + 0.5) / RATE) * VIDEO.rate));
  let [both, either] = [0, 0];
  maskFromRle(mask).forEach((pixel, at) => {
    const [right, down] = [
      (at % VIDEO.width) + 0.5 - x,
      Math.floor(at / VIDEO.width) + 0.5 - VIDEO.height / 2,
    ];
    const inside = Math.hypot(right, down) <= VIDEO.radius;
    both += Number(inside && pixel > 0);
    either += Number(inside || pixel > 0);
  });
  return both / either;
}

/** Let the photos after the third wait for their embeddings until it is called. */
async function holdBack(page: Page): Promise<() => void> {
  let sent = 0;
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/v1/embed', async (route) => {
    if (++sent > 3) await released;
    await route.continue();
  });
  return release;
}

const tracksOf = ({ images }: Project): unknown =>
  images.map(({ objects }) => objects.map(({ track }) => track));

it('opens as photos, is followed, stopped, corrected, exported with tracks, and kept through a reload', async () => {
  const user = await stage.visit();
  const video = await videoOfDisk(user.page);
  const release = await holdBack(user.page);
  await user.openFile({ name: 'clip.webm', mimeType: 'video/webm', buffer: video });
  await user.page.getByLabel('Frames a second').fill(`${RATE}`);
  await user.page.getByLabel('At most').fill('5');
  await user.button('Open 5 frames').click();
  await user.page.waitForFunction(
    () =>
      (globalThis as unknown as { splitseem: { project(): Project } }).splitseem.project().images.length ===
      5,
  );
  const names = (await user.project()).images.map(({ name }) => name);
  expect(names).toEqual([1, 2, 3, 4, 5].map((number) => `clip-000${number}.jpg`));

  await user.press({ x: diskAt(2) / VIDEO.width, y: 0.5 });
  await user.waitForAnswers(1);
  await user.page.keyboard.press('Shift+T');
  const progress = user.page.getByRole('region', { name: 'Following' });
  await progress.getByText('Following: frame 3 of 4').waitFor();
  await progress.getByRole('button', { name: 'Stop' }).click();
  await user.status.getByText('Followed through 2 photos of 4: it goes on from there by Follow').waitFor();
  expect(await progress.count()).toBe(0);

  release();
  await user.waitForAnswers(4);
  await user.page.keyboard.press('Shift+T');
  await user.status.getByText('Followed through 1 photo', { exact: true }).waitFor();
  const followed = await user.project();
  for (const iou of followed.images.map(likeDisk)) expect(iou).toBeGreaterThan(0.8);
  expect(tracksOf(followed)).toEqual([[1], [1], [1], [1], [1]]);

  await user.click({ x: diskAt(22) / VIDEO.width, y: 0.45 });
  const prompts = async (): Promise<unknown> =>
    (await user.objects()).map((object) => object.prompts.map(({ kind }) => kind));
  expect(await prompts()).toEqual([['mask', 'click', 'click']]);
  await user.page.keyboard.press('Control+z');
  expect(await prompts()).toEqual([['mask', 'click']]);

  const coco = JSON.parse((await user.exportAs('COCO')).toString()) as {
    annotations: readonly { image_id: number; track_id?: number }[];
    videos: unknown;
  };
  expect(coco.videos).toEqual([{ id: 1, name: 'clip', width: VIDEO.width, height: VIDEO.height, length: 5 }]);
  expect(coco.annotations.map(({ image_id, track_id }) => [image_id, track_id])).toEqual(
    [1, 2, 3, 4, 5].map((image) => [image, 1]),
  );

  await user.page.reload();
  await user.page.waitForFunction(() => {
    const { splitseem } = globalThis as unknown as { splitseem: { project(): Project } };
    const kept = splitseem.project().images.map(({ objects }) => objects[0]);
    return kept.length === 5 && kept.every((object) => object?.track === 1 && object.mask != null);
  });
});

it('says what it cannot read', async () => {
  const user = await stage.visit();
  await user.openFile({ name: 'broken.mp4', mimeType: 'video/mp4', buffer: readFileSync(__filename) });
  await user.status.getByText(/cannot read the video/).waitFor();
});
