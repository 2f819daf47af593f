/** Photos that are wanted on another canvas: masks are those of the embedding that the decoder holds. */
import { beforeEach, expect, it } from 'vitest';
import { setCanvas } from '../../../src/session/canvas';
import type { Photo } from '../../../src/app/photos/photo';
import { photo, settle, World } from '../world';

let world: World;

beforeEach(async () => {
  world = new World();
  await world.openAnswered();
});

const choose = async (canvas: number | null): Promise<void> => {
  world.controller.change((session) => setCanvas(session, canvas));
  await settle();
};

const canvasesAsked = (): (number | null | undefined)[] =>
  world.embeds.map(({ options: { canvas } }) => canvas);

it('are embedded again, and answered when they have come', async () => {
  await choose(1024);
  expect(canvasesAsked()).toEqual([null, 1024]);
  expect(world.questions).toHaveLength(1);
  world.embeds[1]?.arrive();
  await settle();
  expect(world.questions).toHaveLength(2);
});

it('are embedded again where that is undone while the photo, which was closed, is still read', async () => {
  await choose(1024);
  world.embeds[1]?.arrive();
  await settle();
  await world.answer();
  const read: ((photo: Photo) => void)[] = [];
  (world.services as { reopen: unknown }).reopen = () => new Promise((resolve) => read.push(resolve));
  world.controller.closeImage(world.store.session.value.activeImage ?? '');
  world.controller.undo(); // The closing,
  world.controller.undo(); // and the canvas.
  expect(world.store.session.value.images[0]?.document.canvas).toBeNull();
  read[0]?.(photo());
  await settle();
  expect(canvasesAsked()).toEqual([null, 1024, null]);
});
