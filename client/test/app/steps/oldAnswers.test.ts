/** Answers given long ago are held without what only the next prompt of their object needs. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Alternatives } from '../../../src/app/steps/alternatives';
import type { StepResult } from '../../../src/shared/types';
import { click } from '../../samples';
import { settle, World } from '../world';

// Hundreds of answers, on a machine that has other work.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

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

it('another meaning of a click is told of the click before also where only that one is old', async () => {
  await give(128);
  world.controller.newObject();
  await give(2);
  world.controller.newObject();
  await give(127);
  const { steps, id } = world.store.activeImage.value?.document.objects[1] ?? { steps: [], id: '' };
  const logits = steps.map((step) => world.store.session.value.results.get(step.id)?.maskLogits);
  expect(logits).toEqual([null, expect.anything()]);
  world.controller.selectObject(id);
  void new Alternatives(world.store, world.services, world.controller).next();
  await settle();
  expect(world.calls.at(-1)).toBe('step');
  await world.answer();
  expect(world.calls.at(-1)).toBe('alternatives');
  expect(world.questions.at(-1)?.args.memory?.data).toEqual(Float32Array.of(1));
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
