import { beforeEach, describe, expect, it } from 'vitest';
import { projectOf } from '../../../src/app/steps/projectOf';
import { untilSharp } from '../../../src/app/steps/sharpening';
import { timingsOf } from '../../../src/app/steps/timings';
import { undo } from '../../../src/session/transitions';
import { stepResult, click } from '../../samples';
import { photo, settle, SIZE, World } from '../world';

let world: World;

beforeEach(async () => {
  world = new World();
  await world.openReady();
});

/** Answer the last question with a coarse mask of as many pixels. */
async function answerCoarsely(fill: number): Promise<void> {
  world.questions.at(-1)?.answer({ ...stepResult({ fill, size: SIZE }), isCoarse: true });
  await settle();
}

async function sharpen(fill: number): Promise<void> {
  expect(world.calls.at(-1)).toBe('sharpen');
  world.questions.at(-1)?.answer({ mask: stepResult({ fill, size: SIZE }).mask } as never);
  await settle();
}

const count = (name: string): number => world.calls.filter((call) => call === name).length;

const stroke = { kind: 'paint', points_xy: [[5.5, 3.5]], radius: 0.5, label: 1 } as const;

const savedArea = (): number | undefined => projectOf(world.store).images[0]?.objects[0]?.mask?.counts[1];

describe('a coarse mask', () => {
  it('is shown at once and replaced by the sharp one, which alone is saved and timed', async () => {
    world.controller.give(click(1, 1));
    await answerCoarsely(3);
    expect(world.areas).toEqual([3]);
    expect([savedArea(), timingsOf(world.store)]).toEqual([undefined, []]);
    expect(world.questions.at(-1)?.args).toMatchObject({ points: [{ label: 1 }], maskLogits: { height: 1 } });
    await sharpen(2);
    expect(world.areas).toEqual([2]);
    expect([savedArea(), timingsOf(world.store).length]).toEqual([2, 1]);
  });

  it('leaves the memory of the next step, and the photo is shown once', async () => {
    for (const fill of [3, 4]) {
      world.controller.give(click(fill, 1));
      await answerCoarsely(fill);
      await sharpen(1);
    }
    const asked = world.questions.filter(({ args }) => 'memory' in args);
    expect(asked.map(({ args }) => args.memory?.data[0])).toEqual([undefined, 3]);
    expect(count('photo')).toBe(1);
  });

  it('is not sharpened any more once a newer click is given, and is when that is undone', async () => {
    world.controller.give(click(1, 1));
    await answerCoarsely(3);
    const [, first] = world.questions;
    world.controller.give(click(2, 1));
    await settle();
    first?.answer({ mask: stepResult({ fill: 1, size: SIZE }).mask } as never);
    await settle();
    expect(world.areas).toEqual([3]);
    await answerCoarsely(4);
    await sharpen(2);
    expect(world.areas).toEqual([2]);
    world.controller.change(undo);
    await settle();
    expect(world.areas).toEqual([3]);
    await sharpen(1);
    expect(world.areas).toEqual([1]);
  });

  it('becomes sharp under what was painted while there were only drafts, and so do the clicks after that', async () => {
    const { controller, store } = world;
    world.finishOpening = () => undefined;
    controller.openPhoto(photo('other.jpg'));
    world.embeds.at(-1)?.arrive();
    await settle();
    for (const prompt of [click(1, 1), stroke, click(2, 1)]) controller.give(prompt);
    for (const fill of [3, 4]) {
      await settle();
      world.questions.at(-1)?.answer({ ...stepResult({ fill, size: SIZE }), isDraft: true });
    }
    await settle();
    world.finishOpening();
    await settle();
    for (const fill of [3, 4]) {
      await answerCoarsely(fill);
      await sharpen(2);
    }
    const [object] = store.activeImage.value?.document.objects ?? [];
    const results = object?.steps.map(({ id }) => store.session.value.results.get(id));
    const isFinal = results?.map((result) => result?.isDraft === false && result.isCoarse !== true);
    expect(isFinal).toEqual([true, true, true]);
  });

  it('is sharpened without a prompt that is left out', async () => {
    world.controller.give(click(1, 1));
    await answerCoarsely(3);
    world.controller.give(click(2, 1));
    await settle();
    world.questions.at(-1)?.fail({ kind: 'decoder', message: 'no' });
    await settle();
    await sharpen(2);
    expect(world.questions.at(-1)?.args).toMatchObject({ points: [{ x: 1 }] });
    expect(world.areas).toEqual([2]);
  });

  it('is waited for by what is painted', async () => {
    world.controller.give(click(1, 1));
    await answerCoarsely(3);
    world.controller.give(stroke);
    await settle();
    expect(timingsOf(world.store)).toEqual([]);
    await sharpen(2);
    expect(timingsOf(world.store)).toHaveLength(2);
    expect(savedArea()).toBe(2);
  });

  it('is waited for by exports', async () => {
    let isOver = false;
    world.controller.give(click(1, 1));
    await answerCoarsely(3);
    void untilSharp(world.store).then(() => (isOver = true));
    await settle();
    expect(isOver).toBe(false);
    await sharpen(2);
    expect(isOver).toBe(true);
    await untilSharp(world.store);
  });

  it('stands where the photo has no pixels here', async () => {
    world.isReadable = false;
    world.controller.give(click(1, 1));
    await answerCoarsely(3);
    expect([count('sharpen'), savedArea(), timingsOf(world.store).length]).toEqual([0, 3, 1]);
  });

  it('stands where the worker cannot sharpen it, which is tried again with the photo once', async () => {
    world.controller.give(click(1, 1));
    await answerCoarsely(3);
    await sharpen(2);
    world.controller.give(click(2, 1));
    await answerCoarsely(4);
    for (let i = 0; i < 2; i++) {
      world.questions.at(-1)?.fail({ kind: 'decoder', message: 'the photo has not been shown' });
      await settle();
    }
    expect([count('sharpen'), count('photo'), savedArea()]).toEqual([3, 2, 4]);
  });
});
