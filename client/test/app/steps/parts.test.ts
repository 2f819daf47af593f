import { beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../../src/app/app';
import { TOOLS } from '../../../src/app/state/tools';
import type { Part } from '../../../src/session/state';
import { undo } from '../../../src/session/transitions';
import { partInSight, sharpenHere } from '../../../src/app/tools/sharpActions';
import { click, stepResult } from '../../samples';
import { photo, settle, World } from '../world';

const SIZE = { height: 400, width: 600 };

let world: World;

beforeEach(async () => {
  world = new World();
  world.originalHw = [SIZE.height, SIZE.width];
  world.controller.start();
  world.controller.openPhoto(photo('cat.jpg', SIZE));
  world.embeds.at(-1)?.arrive();
  await settle();
  world.store.canvasSize.value = { height: 300, width: 300 };
  look(150, 100);
});

/** Have a part of the photo of 300 by 300 pixels in sight. */
function look(left: number, top: number, side = 300): void {
  const scale = 300 / side;
  world.store.viewport.value = { scale, x: -left * scale, y: -top * scale };
}

const sharpen = async (): Promise<void> => {
  const { store, controller } = world;
  sharpenHere({ store, controller, tools: TOOLS } as App);
  await settle();
};
async function answer(): Promise<void> {
  world.questions.at(-1)?.answer(stepResult({ fill: 9, size: SIZE }));
  await settle();
}
const asked = (): (readonly [unknown, unknown])[] =>
  world.embeds.slice(1).map(({ options }) => [options.roi?.join(), options.canvas]);
const arrive = async (): Promise<void> => {
  world.embeds.at(-1)?.arrive();
  await settle();
};
const phases = (): string[] => [...world.store.parts.value.values()].map(({ phase }) => phase);
const shown = (): string => world.store.session.value.images[0]?.id ?? '';

describe('the part in sight', () => {
  it.each<readonly [string, number, number, number, Part | null]>([
    ['is in whole pixels', 150.4, 99.7, 300, [150, 99, 301, 301]],
    ['has a least size', 10, 10, 50, [0, 0, 256, 256]],
    ['is nothing where nearly all of the photo is in sight', -50, -50, 700, null],
  ])('%s', (_, left, top, side, expected) => {
    look(left, top, side);
    const image = world.store.activeImage.value;
    expect(image && partInSight(world.store, image)).toEqual(expected);
  });

  it('is embedded once it is wanted, and answers what is begun in it', async () => {
    await sharpen();
    expect([asked(), phases()]).toEqual([[['150,100,300,300', null]], ['embedding']]);
    world.controller.give(click(200, 200));
    expect(world.questions).toHaveLength(0);
    await arrive();
    expect(phases()).toEqual(['ready']);
    expect(world.questions.at(-1)?.args.imageId).toBe(`${shown()} 150,100,300,300 `);
    await answer();
    world.controller.newObject();
    world.controller.give(click(20, 20));
    expect(world.questions.at(-1)?.args.imageId).toBe(shown());
  });

  it('is given up by the same command, and by one more where all is in sight the user is told to zoom in', async () => {
    await sharpen();
    await arrive();
    await sharpen();
    expect(world.store.sharpParts.value.size).toBe(0);
    look(0, 0, 700);
    await sharpen();
    expect(world.store.notice.value).toContain('Zoom in first');
    expect(asked()).toHaveLength(1);
  });
});

describe('an object that is sharpened', () => {
  it('is answered again on the part, and undo brings back what was there without asking', async () => {
    world.controller.give(click(200, 200));
    await answer();
    const { results } = world.store.session.value;
    await sharpen();
    await arrive();
    expect(world.questions.at(-1)?.args.imageId).toBe(`${shown()} 150,100,300,300 `);
    await answer();
    const count = world.questions.length;
    world.controller.change(undo);
    await settle();
    expect(world.questions).toHaveLength(count);
    const [step] = world.store.session.value.images[0]?.document.objects[0]?.steps ?? [];
    expect(world.store.session.value.results.get(step?.id ?? '')).toBe(results.get(step?.id ?? ''));
  });
});

describe('a part that cannot be had', () => {
  it('is said to have failed, keeps its prompts, and is tried again', async () => {
    await sharpen();
    world.controller.give(click(200, 200));
    world.embeds.at(-1)?.fail({ kind: 'network', message: 'gone' });
    await settle();
    expect([phases(), world.store.error.value?.kind]).toEqual([['failed'], 'network']);
    world.controller.retryParts();
    await settle();
    await arrive();
    expect(world.questions.at(-1)?.args.imageId).toContain('150,100');
  });

  it('is given up when the user cancels', async () => {
    await sharpen();
    const { signal } = world.embeds.at(-1)?.options ?? {};
    world.controller.cancelPart(`${shown()} 150,100,300,300 `);
    await settle();
    expect([signal?.aborted, phases()]).toEqual([true, ['failed']]);
  });
});

it('of many parts the decoder holds a few, and none of closed photos', async () => {
  for (let left = 0; left < 300; left += 50) {
    look(left, 0);
    await sharpen();
    await arrive();
  }
  expect(phases()).toHaveLength(4);
  expect(world.calls.filter((call) => call === 'close')).toHaveLength(2);
  world.controller.closeImage(shown());
  await settle();
  expect(phases()).toEqual([]);
});

it('a decoder that is loaded again is given the parts that are wanted, without asking the server', async () => {
  await sharpen();
  await arrive();
  world.store.decoder.value = { phase: 'loading' };
  expect(phases()).toEqual([]);
  world.controller.start();
  await settle();
  expect([phases(), asked().length]).toEqual([['ready'], 1]);
});
