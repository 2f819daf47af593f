/** A thing that was followed through a video: Python makes the same masks, and undo takes all of them back at once. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Project } from '../../src/shared/types';
import type { PageUnderTest } from '../browser';
import { exportFineDecoder, splitseem, startServer } from '../programs';
import { useStage } from '../stage';
import { diskAt, VIDEO, videoOfDisk } from './videoFile';

const stage = useStage({
  serve: async ({ folder }) => {
    // Weights that are not rounded give Python's masks.
    const graphs = join(folder, 'decoder');
    await exportFineDecoder(graphs);
    return startServer(['--cache', 'memory', '--decoder-dir', graphs]);
  },
});

const FRAMES = 5;

/** A page with the frames of a video, all of the disk marked on the first one. */
async function marked(): Promise<PageUnderTest> {
  const user = await stage.visit();
  const buffer = await videoOfDisk(user.page);
  await user.openFile({ name: 'clip.webm', mimeType: 'video/webm', buffer });
  await user.page.getByLabel('Frames a second').fill('3');
  await user.page.getByLabel('At most').fill(`${FRAMES}`);
  await user.button(`Open ${FRAMES} frames`).click();
  await user.page.getByRole('button', { name: `clip-000${FRAMES}.jpg`, exact: true }).waitFor();
  await user.press({ x: diskAt(2) / VIDEO.width, y: 0.5 });
  await user.waitForAnswers(1);
  return user;
}

async function follow(user: PageUnderTest, through: number): Promise<void> {
  await user.page.keyboard.press('Shift+T');
  const said = `Followed through ${through} photo${through === 1 ? '' : 's'}`;
  await user.status.getByText(said, { exact: true }).waitFor();
}

/** Runs in the page: the files that it keeps with its work, the only ones that there are of frames. */
async function keptFiles(): Promise<string[]> {
  const done = <Value>(request: IDBRequest<Value>): Promise<Value> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(new Error(request.error?.message));
    });
  const database = await done(indexedDB.open('splitseem'));
  const kept = database.transaction('files').objectStore('files').getAll() as IDBRequest<Blob[]>;
  const files = await done(kept);
  database.close();
  const bytes = await Promise.all(files.map(async (file) => new Uint8Array(await file.arrayBuffer())));
  return bytes.map((one) => btoa(Array.from(one, (byte) => String.fromCharCode(byte)).join('')));
}

const tracksOf = ({ images }: Project): unknown =>
  images.map(({ objects }) => objects.map(({ track }) => track));

it('gives Python the prompts of the masks that the page shows, corrections and what followed them too', async () => {
  const user = await marked();
  await follow(user, FRAMES - 1);
  await user.button('clip-0003.jpg').click();
  await user.click({ x: diskAt(12) / VIDEO.width, y: 0.45 });
  await user.waitForAnswers(FRAMES + 1);
  await follow(user, FRAMES - 3);
  const project = await user.project();
  expect(tracksOf(project)).toEqual(Array.from({ length: FRAMES }, () => [1]));
  await user.status.getByText('Saved', { exact: true }).waitFor();

  const photos = join(stage.folder, 'frames');
  mkdirSync(photos);
  for (const [index, file] of (await user.page.evaluate(keptFiles)).entries())
    writeFileSync(join(photos, `${index}.jpg`), file, 'base64');
  const saved = join(stage.folder, 'clip.splitseem.json');
  writeFileSync(saved, await user.exportAs('Project'));
  const figures = join(stage.folder, 'figures.json');
  await splitseem('replay', saved, photos, '--at-least', '0.99', '--json', figures);
  const compared = JSON.parse(readFileSync(figures, 'utf8')) as readonly { iou: number }[];
  console.log(`IoU with Python's masks: ${compared.map(({ iou }) => iou.toFixed(4)).join(', ')}`);
  expect(compared.length).toBe(FRAMES);
});

it('is taken back by one undo and brought back by one redo', async () => {
  const user = await marked();
  await follow(user, FRAMES - 1);
  const followed = await user.project();
  await user.page.keyboard.press('Control+z');
  expect(tracksOf(await user.project())).toEqual([[undefined], [], [], [], []]);
  await user.page.keyboard.press('Control+y');
  const masks = ({ images }: Project): unknown =>
    images.map(({ objects }) => objects.map(({ mask }) => mask));
  const again = await user.project();
  expect(tracksOf(again)).toEqual(tracksOf(followed));
  expect(masks(again)).toEqual(masks(followed));
});
