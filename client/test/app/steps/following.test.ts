import { beforeEach, describe, expect, it } from 'vitest';
import { follow } from '../../../src/app/steps/following';
import { projectOf } from '../../../src/app/steps/projectOf';
import { annotated } from '../../../src/exports/annotated';
import { toCoco } from '../../../src/exports/coco';
import { fromCoco } from '../../../src/imports/coco';
import { toImported } from '../../../src/imports/imported';
import { toggleLock } from '../../../src/session/marks';
import { activeImageOf, EMPTY_SESSION } from '../../../src/session/state';
import { openImage, restoreObjects } from '../../../src/session/transitions';
import type { ProjectObject } from '../../../src/shared/types';
import { click } from '../../samples';
import { photo, settle, SIZE, World } from '../world';

let world: World;

const objects = (): readonly (readonly ProjectObject[])[] =>
  projectOf(world.store).images.map((image) => image.objects);
const tracks = () => objects().map((all) => all.map(({ track }) => track));
const kinds = () => objects().map((all) => all.map(({ prompts }) => prompts.map(({ kind }) => kind).join()));

/** Open a photo behind those that are open, ready to answer. */
async function open(name: string, size = SIZE): Promise<void> {
  world.controller.openPhoto(photo(name, size), false);
  await settle();
  for (const { arrive } of world.embeds) arrive();
  await settle();
}

/** Answer what is asked until nothing more is. */
async function answerAll(): Promise<void> {
  await settle();
  for (let asked = 0; asked < world.questions.length;) {
    asked = world.questions.length;
    await world.answer();
  }
}

async function followed(): Promise<void> {
  const following = follow(world);
  await answerAll();
  await following;
}

beforeEach(async () => {
  world = new World();
  await world.openReady();
  for (const name of ['2.jpg', '3.jpg']) await open(name);
  world.controller.give(click(0.5, 0.5));
  await world.answer();
});

describe('following an object', () => {
  it('gives the photos after it one each of the same track, by the mask before and a click', async () => {
    await followed();
    expect(tracks()).toEqual([[1], [1], [1]]);
    expect(kinds()).toEqual([['click'], ['mask,click'], ['mask,click']]);
    expect(world.store.notice.value).toBe('Followed through 2 photos');
    expect(world.store.activeImage.value?.name).toBe('3.jpg');
    expect(world.store.following.value).toBeNull();
  });

  it('stops when told, and keeps what was found', async () => {
    const following = follow(world);
    await settle();
    await world.answer();
    expect(world.store.following.value).toMatchObject({ done: 1, total: 2 });
    world.store.following.value?.stop();
    await following;
    expect(world.store.notice.value).toMatch(/^Followed through 1 photo of 2/);
    expect(objects()[1]?.[0]?.mask).not.toBeNull();
    expect(world.store.following.value).toBeNull();
  });

  it('again takes the place of what it found, and leaves corrections before it', async () => {
    await followed();
    world.controller.activateImage(world.store.session.value.images[1]?.id ?? '');
    world.controller.give(click(0.5, 1.5));
    await answerAll();
    await followed();
    expect(tracks()).toEqual([[1], [1], [1]]);
    expect(kinds()).toEqual([['click'], ['mask,click,click'], ['mask,click']]);
    expect(objects()[2]?.[0]?.prompts[0]).toMatchObject({ counts: [0, 2, 22], hint: true });
  });

  it('is taken back on all photos by one undo, and done again by one redo', async () => {
    await followed();
    const after = objects();
    world.controller.undo();
    expect(tracks()).toEqual([[undefined], [], []]);
    expect(kinds()).toEqual([['click'], [], []]);
    world.controller.redo();
    expect(objects()).toEqual(after);
    world.controller.undo();
    world.controller.activateImage(world.store.session.value.images[0]?.id ?? '');
    world.controller.undo();
    expect(kinds()).toEqual([[], [], []]);
  });

  it('is taken back where nothing came after it, and elsewhere after what did', async () => {
    await followed();
    const [first, second] = world.store.session.value.images;
    world.controller.activateImage(second?.id ?? '');
    world.controller.give(click(0.5, 1.5));
    await answerAll();
    world.controller.activateImage(first?.id ?? '');
    world.controller.undo();
    expect(kinds()).toEqual([['click'], ['mask,click,click'], []]);
    world.controller.activateImage(second?.id ?? '');
    world.controller.undo();
    expect(kinds()).toEqual([['click'], ['mask,click'], []]);
    world.controller.undo();
    expect(kinds()).toEqual([['click'], [], []]);
  });

  it('is taken back by itself, not with what was followed before it', async () => {
    await followed();
    const before = objects();
    world.controller.activateImage(world.store.session.value.images[0]?.id ?? '');
    world.controller.newObject();
    world.controller.give(click(2.5, 0.5));
    await answerAll();
    await followed();
    expect(tracks()).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    world.controller.undo();
    expect(objects().slice(1)).toEqual(before.slice(1));
  });

  it('ends when it is taken back meanwhile', async () => {
    const following = follow(world);
    await settle();
    await world.answer();
    world.controller.undo();
    await following;
    expect(tracks()).toEqual([[undefined], [], []]);
    expect(world.store.following.value).toBeNull();
  });

  it('changes no locked object', async () => {
    await followed();
    const [, second] = world.store.session.value.images;
    world.controller.activateImage(second?.id ?? '');
    world.controller.change((session) => toggleLock(session, second?.document.objects[0]?.id ?? ''));
    const before = objects()[1];
    world.controller.activateImage(world.store.session.value.images[0]?.id ?? '');
    await followed();
    expect(objects()[1]).toEqual(before);
    expect(world.store.notice.value).toBe('Followed through 2 photos');
  });

  it('ends before a photo of another size', async () => {
    await open('wide.jpg', { height: 4, width: 60 });
    await followed();
    expect(tracks()).toEqual([[1], [1], [1], []]);
  });

  it('says what it lacks', async () => {
    world.controller.newObject();
    await follow(world);
    expect(world.store.notice.value).toMatch(/^Select an object with a mask/);
    world.controller.activateImage(world.store.session.value.images[2]?.id ?? '');
    world.controller.give(click(0.5, 0.5));
    await world.answer();
    await follow(world);
    expect(world.store.notice.value).toMatch(/^No photo of the same size comes after this one/);
  });

  it('is read back from a project', async () => {
    await followed();
    const fresh = openImage(EMPTY_SESSION, '2.jpg', SIZE);
    const read = restoreObjects(fresh, fresh.activeImage ?? '', objects()[1] ?? [], 0);
    expect(activeImageOf(read)?.document.objects).toMatchObject([{ track: 1 }]);
  });

  it('is told by COCO, and read back from there', async () => {
    await followed();
    const { photos } = annotated(world.store.session.value);
    const coco = toCoco(photos, { segmentation: 'rle', useGuesses: true });
    const { annotations, videos, images } = coco;
    expect(videos).toMatchObject([{ id: 1, length: 3 }]);
    expect(images.map(({ video_id, frame_id }) => [video_id, frame_id])).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    const read = toImported(fromCoco(JSON.parse(JSON.stringify(coco)))).project.images;
    expect(read.map((image) => image.objects.map(({ track }) => track))).toEqual(tracks());
    expect(annotations.map(({ image_id, track_id }) => [image_id, track_id])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });
});
