import { beforeEach, describe, expect, it } from 'vitest';
import { Alternatives } from '../../../src/app/steps/alternatives';
import type { SegmentObject } from '../../../src/session/state';
import type { WorkerAlternative } from '../../../src/shared/messages';
import type { Extent } from '../../../src/shared/types';
import { click, stepResult } from '../../samples';
import { settle, SIZE, World } from '../world';

let world: World;
let alternatives: Alternatives;

const answer = (fill: number, extent?: Extent): WorkerAlternative => ({
  ...(extent && { extent }),
  result: stepResult({ fill, size: SIZE }),
});

const ANSWERS = [answer(1), answer(3, 'smaller'), answer(9, 'larger')];

/** Press the key, and let the worker answer where it is asked. */
async function press(answers: readonly WorkerAlternative[] = ANSWERS): Promise<void> {
  const asked = world.questions.length;
  const pressed = alternatives.next();
  await settle();
  if (world.questions.length > asked) world.questions.at(-1)?.answer(answers as never);
  await pressed;
}

const object = (): SegmentObject | null => world.store.activeImage.value?.document.objects.at(-1) ?? null;
const extents = () => object()?.steps.map(({ prompt }) => ('extent' in prompt ? prompt.extent : undefined));

beforeEach(async () => {
  world = new World();
  await world.openReady();
  alternatives = new Alternatives(world.store, world.services, world.controller);
});

describe('the masks of a click', () => {
  it('come one after the other, are asked for once, and undo takes each back', async () => {
    world.controller.give(click(1.5, 1.5));
    await world.answer();
    await press();
    expect([world.areas, extents()]).toEqual([[3], ['smaller']]);
    const shown = object();
    expect(shown && alternatives.placeOf(shown)).toEqual({ place: 2, count: 3 });
    await press();
    expect([world.areas, extents()]).toEqual([[9], ['larger']]);
    await press();
    expect([world.areas, extents()]).toEqual([[1], [undefined]]);
    expect(world.calls.filter((name) => name === 'alternatives')).toHaveLength(1);
    world.controller.undo();
    expect([world.areas, extents()]).toEqual([[9], ['larger']]);
    world.controller.undo();
    world.controller.undo();
    expect(world.areas).toEqual([1]);
    world.controller.redo();
    expect([world.areas, extents()]).toEqual([[3], ['smaller']]);
  });

  it('are what the next click remembers', async () => {
    world.controller.give(click(1.5, 1.5));
    await world.answer();
    await press();
    world.controller.give(click(2.5, 2.5, 0));
    const { args } = world.questions.at(-1) ?? {};
    expect(args?.memory).toEqual(ANSWERS[1]?.result.maskLogits);
    expect(args?.points).toHaveLength(2);
    expect(args?.extent).toBeUndefined();
  });

  it('go on from the one that was saved', async () => {
    world.controller.give({ kind: 'click', x: 1.5, y: 1.5, label: 1, extent: 'smaller' });
    expect(world.questions.at(-1)?.args.extent).toBe('smaller');
    await world.answer();
    await press();
    expect(extents()).toEqual(['larger']);
  });

  it('are asked for again where what came before is another', async () => {
    world.controller.give(click(1.5, 1.5));
    await world.answer();
    await press();
    world.controller.give(click(2.5, 2.5));
    await world.answer();
    await press();
    expect(extents()).toEqual(['smaller', 'smaller']);
    expect(world.calls.filter((name) => name === 'alternatives')).toHaveLength(2);
  });

  it('are gone through as often as the key is pressed, also while they are asked for', async () => {
    world.controller.give(click(1.5, 1.5));
    await world.answer();
    const pressed = [alternatives.next(), alternatives.next()];
    await settle();
    world.questions.at(-1)?.answer(ANSWERS as never);
    await Promise.all(pressed);
    expect(extents()).toEqual(['larger']);
    world.controller.undo();
    expect(extents()).toEqual(['smaller']);
  });

  it('may be one only, which is said and changes nothing', async () => {
    world.controller.give(click(1.5, 1.5));
    await world.answer();
    await press([answer(1)]);
    expect(world.store.notice.value).toBe('No other mask is found at this click');
    expect(extents()).toEqual([undefined]);
  });

  it('change nothing once something else was done', async () => {
    world.controller.give(click(1.5, 1.5));
    await world.answer();
    const pressed = alternatives.next();
    await settle();
    const question = world.questions.at(-1);
    world.controller.undo();
    question?.answer(ANSWERS as never);
    await pressed;
    expect(object()).toBeNull();
  });

  it('are of a click that is answered, on an object that is not locked', async () => {
    expect(alternatives.whyNot(null)).toMatch(/^Only a click/);
    world.controller.give(click(1.5, 1.5));
    expect(alternatives.whyNot(object())).toBe('The click is not answered yet');
    await world.answer();
    expect(alternatives.whyNot(object())).toBeNull();
    world.controller.give({ kind: 'box', x0: 0, y0: 0, x1: 3, y1: 3 });
    await world.answer();
    await press();
    expect(world.store.notice.value).toMatch(/^Only a click/);
  });

  it('say what went wrong', async () => {
    world.controller.give(click(1.5, 1.5));
    await world.answer();
    const pressed = alternatives.next();
    await settle();
    world.questions.at(-1)?.fail({ kind: 'decoder', message: 'out of memory' });
    await pressed;
    expect(world.store.error.value?.message).toBe('out of memory');
    await press();
    expect(extents()).toEqual(['smaller']);
  });
});
