/** The canvas that the user chooses: what is offered, what it costs, and that photos are embedded on it. */
import { beforeEach, expect, it } from 'vitest';
import { createApp, type App } from '../../../src/app/app';
import { canvasChoices, chooseCanvas, learnCanvases } from '../../../src/app/tools/detailActions';
import { photo, settle, World } from '../world';

let world: World;
let app: App;

beforeEach(async () => {
  world = new World();
  app = createApp(world.services);
  app.controller.start();
  app.controller.openPhoto(photo());
  world.embeds[0]?.arrive();
  await settle();
});

const asked = (): (number | null | undefined)[] => world.embeds.map(({ options }) => options.canvas);
const ask = async (): Promise<void> => {
  app.controller.give({ kind: 'click', x: 1, y: 1, label: 1 });
  await settle();
};

it('is offered as far as the server takes it, with the cost by its square', async () => {
  expect(canvasChoices(app)).toEqual([]);
  await learnCanvases(app);
  app.store.embedCost.value = { canvas: null, bytes: 9e6, milliseconds: 900 };
  expect(canvasChoices(app)).toEqual([
    { canvas: 256, name: '256', cost: 'about 0.4 s, 4.0 MB' },
    { canvas: null, name: '384, usual', cost: '0.9 s, 9.0 MB' },
    { canvas: 512, name: '512', cost: 'about 1.6 s, 16.0 MB' },
  ]);
});

it('is asked of the server, and prompts wait for it', async () => {
  await ask();
  expect(world.questions).toHaveLength(1);
  chooseCanvas(app, 512);
  await settle();
  expect([asked(), world.questions.length]).toEqual([[null, 512], 1]);
  world.embeds[1]?.arrive();
  await settle();
  expect(world.questions).toHaveLength(2);
  expect(app.store.embedCost.value).toMatchObject({ canvas: 512, bytes: 8 });
  app.undo();
  await settle();
  expect(asked()).toEqual([null, 512, null]);
});

it('is that of photos that are opened afterwards', async () => {
  chooseCanvas(app, 512);
  app.controller.openPhoto(photo('next.jpg'));
  await settle();
  expect(asked().slice(1)).toEqual([512, 512]);
});

it('is not that of an embedding that comes late', async () => {
  chooseCanvas(app, 512);
  await settle();
  chooseCanvas(app, 256);
  await settle();
  world.embeds[1]?.arrive();
  await settle();
  expect(app.store.activePhoto.value?.readiness.phase).toBe('embedding');
  world.embeds[2]?.arrive();
  await settle();
  expect([asked(), app.store.activePhoto.value?.readiness.phase]).toEqual([[null, 512, 256], 'ready']);
});
