/** The page's parts together, without a page: nothing here waits for a drawing. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/app';
import { projectOf } from '../../src/app/steps/projectOf';
import type { PointerInput } from '../../src/canvas/pointer';
import { toScreen } from '../../src/canvas/viewport';
import { photo, World } from './world';

const LARGE = { height: 240, width: 320 };
const DOT = { height: 1, width: 1 };

let app: App;
let world: World;

/** Input at a position of the image that is shown. */
const at = (x: number, y: number): PointerInput => ({
  id: 1,
  kind: 'mouse',
  at: toScreen(app.store.viewport.value, { x, y }),
  button: 0,
  negative: false,
  isPrimary: true,
  panning: false,
});

const prompts = (): unknown[] =>
  projectOf(app.store).images.flatMap(({ objects }) => objects.flatMap((object) => object.prompts));

beforeEach(() => {
  world = new World();
  app = createApp(world.services);
  app.view.resize({ height: 480, width: 640 });
  app.controller.openPhoto(photo('large.png', LARGE));
});

it('photos are sent smaller once the user has chosen that', () => {
  app.store.sendsSmaller.value = true;
  app.controller.openPhoto(photo('dot.png', DOT));
  expect(world.embeds.map(({ options }) => options.isSmaller)).toEqual([false, true]);
});

describe('what is being drawn when another photo comes', () => {
  const another = (): void => {
    app.controller.openPhoto(photo('dot.png', DOT));
  };

  it.each(['box', 'scribble', 'click'] as const)('with the tool %s goes to neither', (tool) => {
    app.chooseTool(tool);
    app.gestures.down(at(20, 20));
    if (tool !== 'click') app.gestures.move(at(200, 150));
    another();
    app.gestures.move(at(0.5, 0.5));
    app.gestures.up(at(0.5, 0.5));
    expect(prompts()).toEqual([]);
    expect(app.store.sketch.value).toBeNull();
  });

  it.each([
    ['closed', () => undefined],
    [
      'brought back corner by corner',
      () => {
        app.gestures.removeLastCorner();
        app.redo();
      },
    ],
  ])('as a polygon cannot be %s on the other', (_, meanwhile) => {
    app.chooseTool('polygon');
    for (const [x, y] of [
      [20, 20],
      [200, 30],
      [120, 200],
    ] as const) {
      app.gestures.down(at(x, y));
      app.gestures.up(at(x, y));
    }
    another();
    meanwhile();
    app.gestures.closePolygon();
    expect(prompts()).toEqual([]);
  });

  it('with the keyboard goes to neither', () => {
    app.chooseTool('box');
    app.gestures.enter({ x: 20, y: 20 }, false);
    app.gestures.follow({ x: 200, y: 150 });
    another();
    app.gestures.enter({ x: 0.5, y: 0.5 }, false);
    expect(prompts()).toEqual([]);
    expect(app.store.crosshair.value).toBeNull();
  });

  it('leaves the other photo fitted, whatever was zoomed', () => {
    app.view.zoom(8);
    another();
    const { scale } = app.store.viewport.value;
    expect(scale).toBeGreaterThan(300);
  });

  it('stays while the same photo changes', () => {
    app.chooseTool('polygon');
    app.gestures.down(at(20, 20));
    app.gestures.up(at(20, 20));
    app.controller.newObject();
    expect(app.store.sketch.value).toMatchObject({ kind: 'corners' });
  });
});
