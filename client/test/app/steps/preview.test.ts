import { beforeEach, describe, expect, it } from 'vitest';
import { projectOf } from '../../../src/app/steps/projectOf';
import { timingsOf } from '../../../src/app/steps/timings';
import { click } from '../../samples';
import { settle, SIZE, World } from '../world';

let world: World;

beforeEach(async () => {
  world = new World();
  await world.openReady();
  world.store.viewport.value = { scale: 1, x: 0, y: 0 };
});

const hover = (x: number, y: number, isNegative = false): void => {
  world.store.hover.value = { at: { x, y }, isNegative };
};

const asked = (): unknown[] => world.questions.map(({ args }) => args.prompts?.at(-1));

describe('a preview', () => {
  it('is what a click there would give to the object as it is', async () => {
    world.controller.give(click(1, 1));
    await world.answer();
    hover(2.5, 1.25, true);
    const { args } = world.questions.at(-1) ?? {};
    expect(world.calls.at(-1)).toBe('preview');
    expect(args?.prompts).toEqual([click(1, 1), click(2.5, 1.25, 0)]);
    expect(args?.points.map(({ label }) => label)).toEqual([1, 0]);
    expect(args?.memory?.data).toEqual(Float32Array.of(1));
    await world.answer();
    expect(world.store.preview.value?.counts[1]).toBe(2);
  });

  it('is one at a time, and the latest place comes next, without those between', async () => {
    hover(1, 1);
    hover(2, 1);
    hover(3, 1);
    expect(asked()).toEqual([click(1, 1)]);
    await world.answer();
    expect(asked()).toEqual([click(1, 1), click(3, 1)]);
    await world.answer();
    expect(asked()).toHaveLength(2);
  });

  it('is no part of what is made, undone, saved or timed', async () => {
    const { store } = world;
    const before = [store.session.value, JSON.stringify(projectOf(store)), timingsOf(store)];
    hover(1, 1);
    await world.answer();
    expect(store.preview.value).not.toBeNull();
    expect([store.session.value, JSON.stringify(projectOf(store)), timingsOf(store)]).toEqual(before);
    expect(store.session.value).toBe(before[0]);
  });
});

describe('a click', () => {
  it('ends the preview that runs, and is asked at once', async () => {
    hover(1, 1);
    const [preview] = world.questions;
    world.controller.give(click(1, 1));
    expect(world.calls.slice(-2)).toEqual(['preview', 'step']);
    await settle();
    preview?.answer({} as never);
    await settle();
    expect(world.store.preview.value).toBeNull();
  });

  it('hides what was shown of it, and no other is asked for before it is answered', async () => {
    hover(1, 1);
    await world.answer();
    expect(world.store.preview.value).not.toBeNull();
    world.controller.give(click(1, 1));
    expect(world.store.preview.value).toBeNull();
    hover(2, 2);
    expect(world.calls.at(-1)).toBe('step');
    await world.answer();
    expect(world.calls.at(-1)).toBe('preview');
  });
});

describe('no preview', () => {
  it.each([
    ['outside the photo', (): void => hover(SIZE.width + 1, 1)],
    [
      'with another tool',
      (): void => {
        world.store.tool.value = 'box';
        hover(1, 1);
      },
    ],
    [
      'where it is switched off',
      (): void => {
        world.store.showsPreview.value = false;
        hover(1, 1);
      },
    ],
    [
      'while something is drawn',
      (): void => {
        world.store.sketch.value = { kind: 'press', at: { x: 1, y: 1 }, label: 1 };
        hover(1, 1);
      },
    ],
    [
      'where the server decodes',
      (): void => {
        const decoder = world.store.decoder.value;
        if (decoder.phase !== 'ready') throw new Error('no decoder');
        world.store.decoder.value = { ...decoder, info: { ...decoder.info, provider: 'server' } };
        hover(1, 1);
      },
    ],
  ])('%s', async (_, act) => {
    act();
    await settle();
    expect(world.calls).not.toContain('preview');
    expect(world.store.preview.value).toBeNull();
  });

  it('before the photo is ready', async () => {
    const early = new World();
    early.finishOpening = () => undefined;
    await early.openReady();
    early.store.hover.value = { at: { x: 1, y: 1 }, isNegative: false };
    expect(early.calls).not.toContain('preview');
    early.finishOpening();
    await settle();
    expect(early.calls.at(-1)).toBe('preview');
  });

  it('once the mouse has left, even if the answer comes', async () => {
    hover(1, 1);
    world.store.hover.value = null;
    await world.answer();
    expect(world.store.preview.value).toBeNull();
  });
});
