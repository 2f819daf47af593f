import { beforeEach, expect, it } from 'vitest';
import { wantedPhotos } from '../../../src/app/state/ahead';
import type { ProjectImage } from '../../../src/shared/types';
import { click } from '../../samples';
import { photo, settle, World } from '../world';

let world: World;

beforeEach(() => {
  world = new World();
  world.controller.start();
  for (let index = 0; index < 10; index++) world.controller.openPhoto(photo(`${index}.jpg`), index === 0);
});

const names = (): string[] => {
  const { session, awaited } = world.store;
  return wantedPhotos(session.value, awaited.value).map(
    (id) => session.value.images.find((image) => image.id === id)?.name.replace('.jpg', '') ?? '',
  );
};

const show = (index: number): void =>
  world.controller.activateImage(world.store.session.value.images[index]?.id ?? '');

it('the photo on screen and the two after it are wanted', () => {
  expect(names()).toEqual(['0', '1', '2']);
  show(8);
  expect(names()).toEqual(['8', '9']);
});

it('only those are sent to the server', async () => {
  await settle();
  expect(world.embeds).toHaveLength(2);
  for (let turn = 0; turn < 4; turn++) {
    for (const { arrive } of world.embeds) arrive();
    await settle();
  }
  expect(world.embeds).toHaveLength(3);
  show(1);
  await settle();
  expect(world.embeds).toHaveLength(4);
});

it('a photo with prompts that are not answered is wanted, wherever it is, until they are', async () => {
  show(7);
  world.controller.give(click(1, 1));
  show(0);
  expect(names()).toEqual(['0', '1', '2', '7']);
  await settle();
  for (const { arrive } of world.embeds) arrive();
  await settle();
  for (const { arrive } of world.embeds) arrive();
  await settle();
  await world.answer();
  expect(names()).toEqual(['0', '1', '2']);
});

it('all are wanted while only the key of an embedding may tell which photo a saved one is', () => {
  const saved: ProjectImage = { name: 'x', size_hw: [4, 6], key: 'ab'.repeat(16), objects: [] };
  world.store.awaited.value = [{ saved, project: 1, isUnique: true }];
  expect(names()).toHaveLength(10);
  world.store.awaited.value = [{ saved: { ...saved, key: null }, project: 1, isUnique: true }];
  expect(names()).toHaveLength(3);
  world.store.awaited.value = [
    { saved: { ...saved, file_sha256: 'ab'.repeat(32) }, project: 1, isUnique: true },
  ];
  expect(names()).toHaveLength(3);
});
