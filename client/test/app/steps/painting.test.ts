import { beforeEach, describe, expect, it } from 'vitest';
import { projectOf } from '../../../src/app/steps/projectOf';
import { timingsOf } from '../../../src/app/steps/timings';
import { resultOf } from '../../../src/session/state';
import { maskFromRle } from '../../../src/shared/rle';
import type { PromptItem } from '../../../src/shared/types';
import { click } from '../../samples';
import { photo, settle, SIZE, World } from '../world';

let world: World;

beforeEach(() => {
  world = new World();
});

const stroke = (x: number, y: number, label: 0 | 1 = 1): PromptItem => ({
  kind: 'paint',
  points_xy: [[x, y]],
  radius: 0.5,
  label,
});

/** The mask of the object, a text a row. */
function rows(object = 0): string[] {
  const { session } = world.store;
  const found = session.value.images[0]?.document.objects[object];
  const mask = found && resultOf(session.value, found)?.mask;
  if (!mask) return [];
  const pixels = [...maskFromRle(mask)].map((value) => (value === 1 ? '#' : '.'));
  return Array.from({ length: SIZE.height }, (_, y) =>
    pixels.slice(y * SIZE.width, (y + 1) * SIZE.width).join(''),
  );
}

const EMPTY = '......';

describe('a stroke', () => {
  it('alone is a mask, before there is a decoder or an embedding', async () => {
    world.controller.openPhoto(photo());
    world.controller.give(stroke(1.5, 1.5));
    world.controller.give(stroke(3.5, 2.5));
    await settle();
    expect(rows()).toEqual([EMPTY, '.#....', '...#..', EMPTY]);
    expect(world.calls).toEqual([]);
    const [object] = projectOf(world.store).images[0]?.objects ?? [];
    expect(object).toMatchObject({ label: null, score: null });
    expect(timingsOf(world.store)).toHaveLength(2);
  });

  it('changes the pixels under it on top of an answer, whose name stays', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    await world.answer();
    const before = projectOf(world.store).images[0]?.objects[0];
    world.controller.give(stroke(0.5, 0.5, 0));
    world.controller.give(stroke(5.5, 3.5));
    await settle();
    expect(rows()).toEqual([EMPTY, EMPTY, EMPTY, '.....#']);
    expect(world.questions).toHaveLength(1);
    const after = projectOf(world.store).images[0]?.objects[0];
    expect([after?.label, after?.score]).toEqual([before?.label, before?.score]);
  });

  it('is undone and done again', async () => {
    world.controller.openPhoto(photo());
    world.controller.give(stroke(1.5, 1.5));
    world.controller.give(stroke(1.5, 1.5, 0));
    await settle();
    world.controller.undo();
    expect(rows()).toEqual([EMPTY, '.#....', EMPTY, EMPTY]);
    world.controller.redo();
    expect(rows()).toEqual([EMPTY, EMPTY, EMPTY, EMPTY]);
  });

  it('waits for the answer to the click before it', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    world.controller.give(stroke(5.5, 3.5));
    await settle();
    expect(rows()).toEqual([]);
    await world.answer();
    expect(rows()).toEqual(['#.....', EMPTY, EMPTY, '.....#']);
  });
});

describe('a click after strokes', () => {
  it('is asked with the mask as it was painted, and with the strokes that stand', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    await world.answer();
    world.controller.give(stroke(5.5, 3.5));
    world.controller.give(stroke(2.5, 2.5));
    await settle();
    world.controller.give(click(2.5, 2.5, 0));
    const asked = world.questions.at(-1)?.args;
    expect(asked?.points).toHaveLength(2);
    expect(asked?.memory?.data).toEqual(Float32Array.of(1));
    expect(asked?.painted && [...maskFromRle(asked.painted)].filter(Boolean)).toHaveLength(3);
    expect(asked?.strokes).toEqual([stroke(5.5, 3.5)]);
    await world.answer();
    world.controller.give(click(0, 0));
    expect(world.questions.at(-1)?.args.painted).toBeUndefined();
  });
});

describe('a mask as a prompt', () => {
  const mask: PromptItem = { kind: 'mask', size: [4, 6], counts: [5, 2, 17] };

  it('is the mask, without a decoder', async () => {
    world.controller.openPhoto(photo());
    world.controller.give(mask);
    await settle();
    expect(rows()).toEqual([EMPTY, '.#....', '.#....', EMPTY]);
  });

  it('is what the next click continues from, without the prompts before it', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    await world.answer();
    world.controller.give(mask);
    await settle();
    world.controller.give(click(2, 2, 0));
    const { args } = world.questions.at(-1) ?? {};
    expect(args?.prompts).toEqual([mask, click(2, 2, 0)]);
    expect(args?.memory).toBeNull();
    expect(args?.painted).toEqual({ size: [4, 6], counts: [5, 2, 17] });
    expect(args?.points.map(({ label }) => label)).toEqual([1, 1, 0]);
  });
});
