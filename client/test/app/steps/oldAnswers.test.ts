/** Answers given long ago are held without what only the next prompt of their object needs. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { StepResult } from '../../../src/shared/types';
import { click } from '../../samples';
import { World } from '../world';

let world: World;

const results = (): StepResult[] => [...world.store.session.value.results.values()];
const whole = (): number => results().filter(({ maskLogits }) => maskLogits !== null).length;

async function give(clicks: number): Promise<void> {
  for (let i = 0; i < clicks; i++) {
    world.controller.give(click(i % 4, 1));
    await world.answer();
  }
}

beforeEach(async () => {
  world = new World();
  await world.openReady();
});

describe('of hundreds of clicks on one object', () => {
  beforeEach(() => give(300));

  it('each is answered once, from what the one before has left, and the last ones hold that', () => {
    expect(world.questions).toHaveLength(300);
    expect(world.questions.slice(1).every(({ args }) => args.memory !== null)).toBe(true);
    expect(whole()).toBeGreaterThanOrEqual(128);
    expect(whole()).toBeLessThanOrEqual(256);
  });

  it('undo brings back every mask, without asking', async () => {
    const seen = [];
    for (let i = 0; i < 299; i++) {
      world.controller.undo();
      seen.push(world.areas[0]);
    }
    expect(seen).toEqual(Array.from({ length: 299 }, (_, i) => 299 - i));
    for (let i = 0; i < 299; i++) world.controller.redo();
    await give(1);
    expect(world.areas).toEqual([301]);
    expect(world.questions).toHaveLength(301);
  });

  it('a click on a mask of long ago waits for the answers before it', async () => {
    for (let i = 0; i < 297; i++) world.controller.undo();
    world.controller.give(click(2, 2));
    for (const prompts of [1, 2, 3, 4]) {
      expect(world.questions.at(-1)?.args.points).toHaveLength(prompts);
      await world.answer();
    }
    expect(world.questions).toHaveLength(304);
    expect(world.areas).toEqual([4]);
  });
});

it('an object of long ago is answered again for its next click, and stays ready for more', async () => {
  await give(2);
  world.controller.newObject();
  await give(300);
  const [first] = world.store.activeImage.value?.document.objects ?? [];
  world.controller.selectObject(first?.id ?? '');
  world.controller.give(click(2, 2));
  for (let answers = 0; answers < 3; answers++) await world.answer();
  const asked = world.questions.length;
  expect(asked).toBe(305);
  await give(5);
  expect(world.questions).toHaveLength(asked + 5);
  expect(world.areas).toEqual([8, 300]);
});
