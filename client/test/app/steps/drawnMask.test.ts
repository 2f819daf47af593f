import { beforeEach, expect, it } from 'vitest';
import { drawnMask } from '../../../src/app/steps/drawnMask';
import { resultOf } from '../../../src/session/state';
import { maskFromRle } from '../../../src/shared/rle';
import type { PolygonItem } from '../../../src/shared/generated';
import { click } from '../../samples';
import { photo, settle, SIZE, World } from '../world';

let world: World;

beforeEach(() => {
  world = new World();
});

const corners = (x0: number, y0: number, x1: number, y1: number): PolygonItem => ({
  kind: 'polygon',
  points_xy: [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ],
});

async function draw(outline: PolygonItem): Promise<void> {
  const prompt = await drawnMask(world.store, outline);
  if (prompt !== null) world.controller.give(prompt);
  await settle();
}

function rows(): string[] {
  const { session } = world.store;
  const object = session.value.images[0]?.document.objects[0];
  const mask = object && resultOf(session.value, object)?.mask;
  if (!mask) return [];
  const pixels = [...maskFromRle(mask)].map((value) => (value === 1 ? '#' : '.'));
  return Array.from({ length: SIZE.height }, (_, y) =>
    pixels.slice(y * SIZE.width, (y + 1) * SIZE.width).join(''),
  );
}

it('a polygon is the mask, another is added, a negative one is cut out, each undone by itself', async () => {
  world.controller.openPhoto(photo());
  await draw(corners(0, 0, 3, 2));
  expect(rows()).toEqual(['###...', '###...', '......', '......']);
  await draw(corners(4, 2, 6, 4));
  expect(rows()).toEqual(['###...', '###...', '....##', '....##']);
  await draw({ ...corners(1, 0, 2, 4), label: 0 });
  expect(rows()).toEqual(['#.#...', '#.#...', '....##', '....##']);
  expect(world.calls).toEqual([]);
  world.controller.undo();
  world.controller.undo();
  expect(rows()).toEqual(['###...', '###...', '......', '......']);
});

it('a polygon on an object whose click waits is added to the answer', async () => {
  await world.openReady();
  world.controller.give(click(1, 1));
  const drawn = draw(corners(5, 3, 6, 4));
  await settle();
  expect(rows()).toEqual([]);
  await world.answer();
  await drawn;
  expect(rows()).toEqual(['#.....', '......', '......', '.....#']);
});

it('a polygon is dropped when its object is no longer selected', async () => {
  await world.openReady();
  world.controller.give(click(1, 1));
  const drawn = draw(corners(5, 3, 6, 4));
  world.controller.newObject();
  await world.answer();
  await drawn;
  expect(rows()).toEqual(['#.....', '......', '......', '......']);
});
