import { describe, expect, it } from 'vitest';
import { Examples, offeredBy } from '../../../src/app/steps/examples';
import type { DecoderBridge } from '../../../src/bridge/decoder';
import { resultOf } from '../../../src/session/state';
import { relabel, selectObject } from '../../../src/session/transitions';
import { click, stepResult } from '../../samples';
import { photo, settle, SIZE, World } from '../world';

/** First pixel and number of pixels. */
type Runs = readonly [number, number];

/** Two open photos, the first with an object of 5 pixels; the second is shown. */
async function page(
  found: readonly Runs[] = [
    [0, 3],
    [10, 9],
  ],
) {
  const world = new World();
  await world.openReady();
  world.controller.give(click(0.5, 0.5));
  await settle();
  world.questions[0]?.answer(stepResult({ fill: 5, size: SIZE }));
  await settle();
  const first = world.store.activeImage.value;
  world.controller.openPhoto(photo('dog.jpg'));
  world.embeds.at(-1)?.arrive();
  await settle();
  const calls: [string, Record<string, unknown>][] = [];
  const call = (name: string, args: Record<string, unknown>): Promise<unknown> => {
    calls.push([name, args]);
    if (name === 'step') return Promise.resolve(stepResult({ fill: 7, size: SIZE }));
    return Promise.resolve(
      found.map(([start, area], k) => ({
        point: { x: k + 1.5, y: 1.5 },
        likelihood: 0.5,
        result: {
          ...stepResult({ fill: area, size: SIZE }),
          mask: { size: [4, 6], counts: [start, area, 24 - start - area] },
        },
      })),
    );
  };
  const bridge = { call: call as DecoderBridge['call'], terminate: () => undefined };
  const errors: unknown[] = [];
  const examples = new Examples(
    world.store,
    { decoder: bridge, now: () => 5 },
    {
      change: (edit) => world.controller.change(edit),
      report: (error) => errors.push(error),
    },
  );
  return { world, examples, calls, errors, first, object: first?.document.objects[0]?.id ?? '' };
}

/** Of the photo that is shown. */
const areasOf = ({ store }: World): (number | undefined)[] =>
  store.activeImage.value?.document.objects.map((object) => resultOf(store.session.value, object)?.area) ??
  [];

const meaningIn = (call: [string, Record<string, unknown>] | undefined): number[] => [
  ...(call?.[1].vector as Float32Array),
];

describe('examples', () => {
  it('are objects of all open photos, found on the photo that is shown, one undo for all', async () => {
    const { world, examples, calls, object } = await page();
    expect(offeredBy(world.store.session.value)).toMatchObject([
      { photo: 'cat.jpg', objects: [{ name: '1 one', id: object }] },
    ]);
    examples.choose(object);
    await examples.find();
    expect(calls.map(([name]) => name)).toEqual(['find']);
    expect([calls[0]?.[1].imageId, meaningIn(calls[0])]).toEqual([world.store.activeImage.value?.id, [5, 1]]);
    expect(areasOf(world)).toEqual([3, 9]);
    const document = world.store.activeImage.value?.document;
    expect(document?.activeObject).toBe(document?.objects[0]?.id);
    expect(document?.objects[0]?.steps.map(({ prompt }) => prompt.kind)).toEqual(['click']);
    expect(world.store.notice.value).toBe('Like 1 one: 2 new');
    world.controller.undo();
    expect(areasOf(world)).toEqual([]);
  });

  it('give what they find the label that the user gave them', async () => {
    const { world, examples, object } = await page();
    world.controller.change((session) => relabel(session, object, 'Rex'));
    examples.choose(object);
    await examples.find();
    expect(world.store.activeImage.value?.document.objects.map(({ userLabel }) => userLabel)).toEqual([
      'Rex',
      'Rex',
    ]);
  });

  it('find nothing twice: what is there already is selected', async () => {
    const { world, examples, object } = await page();
    examples.choose(object);
    await examples.find();
    const [best] = world.store.activeImage.value?.document.objects ?? [];
    world.controller.newObject();
    await examples.find();
    expect(areasOf(world)).toEqual([3, 9, undefined]);
    expect(world.store.activeImage.value?.document.activeObject).toBe(best?.id);
    expect(world.store.notice.value).toBe('Like 1 one: 0 new');
  });

  it('are shown on the photo: an object by its mask, any other place by what the decoder says of it', async () => {
    const { world, examples, calls, first, object } = await page();
    const box = { kind: 'box', x0: 1, y0: 0, x1: 4, y1: 3 } as const;
    await examples.show(box);
    expect(calls.map(([name]) => name)).toEqual(['step', 'find']);
    expect([calls[0]?.[1].prompts, meaningIn(calls[1])]).toEqual([[box], [7, 1]]);
    world.controller.activateImage(first?.id ?? '');
    await examples.show(click(0.5, 0.5));
    expect(examples.chosen.value?.object).toBe(object);
    expect(meaningIn(calls.at(-1))).toEqual([5, 1]);
    world.controller.change((session) => selectObject(session, object));
    await examples.show(click(5.5, 3.5));
    expect(examples.chosen.value?.object).toBeNull();
  });

  it('are found side by side: what lies mostly in a better one is left out', async () => {
    const { world, examples, object } = await page([
      ...([
        [2, 8],
        [1, 12],
        [4, 2],
        [9, 4],
      ] as const),
    ]);
    examples.choose(object);
    await examples.find();
    expect(areasOf(world)).toEqual([8, 4]);
  });

  it('say when the photo is not ready, and when the decoder cannot', async () => {
    const { world, examples, calls, errors, object } = await page();
    examples.choose(object);
    world.controller.openPhoto(photo('late.jpg'));
    await examples.find();
    expect([calls, world.store.notice.value]).toEqual([
      [],
      'The photo is not ready yet: try again once it is',
    ]);
    examples.choose('nobody');
    expect(examples.chosen.value).toBeNull();
    await examples.find();
    expect([calls, errors]).toEqual([[], []]);
  });
});
