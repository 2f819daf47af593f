/** How many photos have their pixels in memory, of hundreds that are open. */
import { beforeEach, expect, it, vi } from 'vitest';
import { keepPixels } from '../../../src/app/drawing/photoPixels';
import type { Photo } from '../../../src/app/photos/photo';
import { photo, settle, World } from '../world';

/** The shown one, two after it, five that were shown. */
const MOST_BITMAPS = 8;
const PHOTOS = 200;

let world: World;
let open: Set<object>;
let most: number;
let failures: unknown[];

beforeEach(() => {
  world = new World();
  open = new Set();
  most = 0;
  failures = [];
  vi.stubGlobal('createImageBitmap', () => Promise.resolve(newBitmap()));
  keepPixels(world.store, (error) => failures.push(error));
});

function newBitmap(): ImageBitmap {
  const bitmap = { width: 6, height: 4, close: () => open.delete(bitmap) };
  open.add(bitmap);
  most = Math.max(most, open.size);
  return bitmap;
}

const unread = (name: string): Photo => ({ ...photo(name), bitmap: null });

function openMany(): void {
  for (let index = 0; index < PHOTOS; index++) {
    const name = `${index}.jpg`;
    world.controller.openPhoto(
      index === 0 ? { ...photo(name), bitmap: newBitmap() } : unread(name),
      index === 0,
    );
  }
}

async function show(index: number): Promise<void> {
  world.controller.activateImage(world.store.session.value.images[index]?.id ?? '');
  await rest();
}

/** Reading a file takes turns of the event loop. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  await settle();
}

/** Places of the photos whose pixels are there. */
const decoded = (): number[] =>
  world.store.session.value.images.flatMap(({ id }, index) =>
    world.store.photos.value.get(id)?.photo.bitmap == null ? [] : [index],
  );

it('are the one on screen and the two after it', async () => {
  openMany();
  await rest();
  expect(decoded()).toEqual([0, 1, 2]);
  expect(open.size).toBe(3);
});

it('stay few while a user goes through all of them', async () => {
  openMany();
  for (let index = 0; index < PHOTOS; index += 7) await show(index);
  await show(PHOTOS - 1);
  await show(20);
  expect(decoded()).toEqual(expect.arrayContaining([20, 21, 22]));
  expect(most).toBeLessThanOrEqual(MOST_BITMAPS + 1);
  expect(open.size).toBeLessThanOrEqual(MOST_BITMAPS);
  expect(failures).toEqual([]);
});

it('are none of a photo that cannot be decoded, which is said once, and the next ones come', async () => {
  openMany();
  await rest();
  const broken = world.store.session.value.images[50];
  vi.stubGlobal('createImageBitmap', () => Promise.reject(new DOMException('broken')));
  world.controller.activateImage(broken?.id ?? '');
  await new Promise((resolve) => setTimeout(resolve, 5));
  vi.stubGlobal('createImageBitmap', () => Promise.resolve(newBitmap()));
  await show(60);
  await show(50);
  await show(50);
  const said = failures.filter((error) => JSON.stringify(error).includes('50.jpg'));
  expect(said).toHaveLength(1);
  expect(decoded()).not.toContain(50);
});
