/** Answers that are kept through a reload: a second page over the same database. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AnswerKeeping } from '../../../src/app/saving/answerKeeping';
import { Keeping } from '../../../src/app/saving/keeping';
import type { KeptAnswers } from '../../../src/app/saving/keptAnswers';
import { Alternatives } from '../../../src/app/steps/alternatives';
import { annotated } from '../../../src/exports/annotated';
import { isAsleep } from '../../../src/session/kept';
import { duplicateObject } from '../../../src/session/objects';
import { activeObjectOf, type SegmentObject } from '../../../src/session/state';
import { click } from '../../samples';
import { photo, say, settle, SIZE, World } from '../world';
import { Shelf } from './shelf';

/** Hundreds of answers, on a machine that has other work. */
const PATIENTLY = { timeout: 60_000 };

const DIGEST = 'd1'.repeat(32);
const POSITIVE = click(1, 1);
const NEGATIVE = click(3, 3, 0);
const PAINT = { kind: 'paint', points_xy: [[5.5, 1.5]], radius: 0.6, label: 1 } as const;

let shelf: Shelf;
let world: World;

const steps = (): number => world.questions.length;

const object = (): SegmentObject => {
  const image = world.store.activeImage.value;
  const found = image && (activeObjectOf(image) ?? image.document.objects[0]);
  if (!found) throw new Error('no object');
  return found;
};

/** What is seen and exported. */
const seen = (): unknown => annotated(world.store.session.value).photos.map(({ objects }) => objects);

/** Give prompts to a photo, each answered, and keep all. */
async function work(...prompts: Parameters<World['controller']['give']>[0][]): Promise<void> {
  world.controller.start();
  world.controller.openPhoto(photo('cat.jpg', SIZE, DIGEST));
  world.embeds.at(-1)?.arrive();
  await settle();
  for (const prompt of prompts) {
    const asked = steps();
    world.controller.give(prompt);
    if (steps() > asked) await world.answer();
  }
  await kept();
}

/** Until all of it is in the database. */
async function kept(): Promise<void> {
  await settle();
  await new Promise((resolve) => setTimeout(resolve));
  await settle();
}

async function page(): Promise<Keeping> {
  world = new World();
  const keeping = new Keeping({
    store: world.store,
    controller: world.controller,
    openWorks: () => Promise.resolve(shelf),
    reopen: (closed) => Promise.resolve(photo(closed.name, SIZE, closed.digest)),
  });
  await keeping.start();
  return keeping;
}

/** The same work on another page; its photo is not embedded yet. */
async function reload(): Promise<void> {
  const left = [...shelf.works.values()].at(-1);
  const keeping = await page();
  if (left !== undefined) await keeping.continue(left);
  await settle();
}

async function embedded(): Promise<void> {
  world.controller.start();
  world.embeds.at(-1)?.arrive();
  await settle();
}

const records = (): KeptAnswers[] => [...shelf.answers.all.values()];

beforeEach(async () => {
  vi.stubGlobal('navigator', {});
  shelf = new Shelf();
  await page();
});

describe('after a reload masks', () => {
  it('are there before the photo is embedded, and no prompt is answered again', async () => {
    await work(POSITIVE, NEGATIVE);
    const before = seen();
    await reload();
    expect(seen()).toEqual(before);
    await embedded();
    expect([steps(), seen()]).toEqual([0, before]);
  });

  it('are answered again for the next click, which is told what it would have been', async () => {
    await work(POSITIVE, NEGATIVE);
    world.controller.give(click(2, 2));
    const told = world.questions.at(-1)?.args;
    world.controller.undo();
    await kept();
    const before = seen();
    await reload();
    await embedded();
    world.controller.selectObject(object().id);
    world.controller.give(click(2, 2));
    await settle();
    expect(seen()).toEqual(before);
    expect(world.questions.map(({ args }) => args.prompts?.length)).toEqual([1]);
    await world.answer();
    expect(world.questions.map(({ args }) => args.prompts?.length)).toEqual([1, 2]);
    await world.answer();
    expect(world.questions.at(-1)?.args).toEqual({ ...told, imageId: expect.anything() as string });
    expect(seen()).toEqual(before);
    await world.answer();
    expect([steps(), world.areas]).toEqual([3, [3]]);
  });

  it('stay as they were seen where the decoder says something else now', async () => {
    await work(POSITIVE);
    const before = seen();
    await reload();
    await embedded();
    world.controller.wake(object().id);
    await settle();
    const [question] = world.questions;
    const other = { size: [SIZE.height, SIZE.width] as const, counts: [0, 24] };
    await world.answer();
    expect(question?.args.points).toHaveLength(1);
    expect(seen()).not.toContainEqual(expect.objectContaining({ mask: other }));
    expect(seen()).toEqual(before);
    expect(isAsleep(world.store.session.value, object())).toBe(false);
  });

  it('are painted on without the decoder', async () => {
    await work(POSITIVE, NEGATIVE);
    await reload();
    world.controller.selectObject(object().id);
    world.controller.give(PAINT);
    await settle();
    const painted = seen();
    expect([steps(), painted]).toEqual([0, [[expect.objectContaining({ area: 3 })]]]);
    await embedded();
    expect(steps()).toBe(0);
    await kept();
    await reload();
    expect(seen()).toEqual(painted);
    await embedded();
    world.controller.selectObject(object().id);
    world.controller.give(NEGATIVE);
    for (let answers = 0; answers < 3; answers++) {
      await settle();
      await world.answer();
    }
    expect(world.questions.map(({ args }) => args.prompts?.length)).toEqual([1, 2, 4]);
    expect(world.questions.at(-1)?.args.painted).toBeDefined();
  });

  it('get a preview once their object was answered again', async () => {
    await work(POSITIVE);
    await reload();
    await embedded();
    world.controller.selectObject(object().id);
    world.store.viewport.value = { scale: 1, x: 0, y: 0 };
    world.store.hover.value = { at: { x: 2.5, y: 1.5 }, isNegative: false };
    await settle();
    expect(world.calls.filter((name) => name === 'step' || name === 'preview')).toEqual(['step']);
    await world.answer();
    expect(world.calls.at(-1)).toBe('preview');
    expect(world.questions.at(-1)?.args.memory?.data).toEqual(Float32Array.of(1));
  });

  it('have other answers to their last click, which are told of the click before', async () => {
    await work(POSITIVE, click(2, 2));
    await reload();
    await embedded();
    world.controller.selectObject(object().id);
    void new Alternatives(world.store, world.services, world.controller).next();
    for (let answers = 0; answers < 2; answers++) {
      await settle();
      await world.answer();
    }
    expect(world.calls.at(-1)).toBe('alternatives');
    expect(world.questions.at(-1)?.args.memory?.data).toEqual(Float32Array.of(1));
  });

  it('are those of the prompts before when the last is taken back', async () => {
    await work(POSITIVE, NEGATIVE);
    await reload();
    await embedded();
    world.controller.selectObject(object().id);
    world.controller.removeLastPrompt();
    await settle();
    expect([steps(), world.areas]).toEqual([0, [1]]);
  });

  it('are copied with their object', async () => {
    await work(POSITIVE);
    await reload();
    await embedded();
    world.controller.selectObject(object().id);
    world.controller.change((session) => duplicateObject(session, 1));
    await kept();
    expect([steps(), world.areas, records()]).toEqual([0, [1, 1], [expect.anything(), expect.anything()]]);
  });

  it('need no words until the next prompt does', async () => {
    await work(POSITIVE);
    world.controller.give(say('cup'));
    await settle();
    world.inquiries[0]?.answer();
    await settle();
    await world.answer();
    await kept();
    await reload();
    await embedded();
    expect([steps(), world.inquiries]).toEqual([0, []]);
    world.controller.selectObject(object().id);
    world.controller.give(NEGATIVE);
    await settle();
    expect(world.questions).toHaveLength(1);
  });
});

describe('prompts are answered again after a reload where what was kept', () => {
  const spoil = (change: (record: KeptAnswers) => unknown): void => {
    const { all } = shelf.answers;
    for (const [key, record] of [...all]) {
      all.delete(key);
      const spoilt = change(record);
      if (spoilt !== null) all.set(key, spoilt as KeptAnswers);
    }
  };
  const withStep = (change: object) => (record: KeptAnswers) => ({
    ...record,
    steps: record.steps.map((step) => ({ ...step, ...change })),
  });

  it.each([
    ['is nothing, as in databases of before', () => null],
    ['is of other prompts', (record: KeptAnswers) => ({ ...record, basis: '0' })],
    ['is of another model', (record: KeptAnswers) => ({ ...record, model: 'other' })],
    ['lacks a prompt', (record: KeptAnswers) => ({ ...record, steps: record.steps.slice(1) })],
    ['covers another size', withStep({ counts: Uint32Array.of(1, 2) })],
    ['has runs of no length', withStep({ counts: Uint32Array.of(10, 0, 14) })],
    ['has a mask of another type', withStep({ counts: 'x' })],
    ['has no names', withStep({ classEmbed: undefined })],
  ])('%s', async (_, change) => {
    await work(POSITIVE, NEGATIVE);
    const before = seen();
    spoil(change);
    await reload();
    await embedded();
    expect(steps()).toBe(1);
    await world.answer();
    await world.answer();
    expect(seen()).toEqual(before);
  });

  it('is of another model, also when the photo is opened after the decoder', async () => {
    await work(POSITIVE);
    spoil((record) => ({ ...record, model: 'other' }));
    const left = [...shelf.works.values()].at(-1);
    const keeping = await page();
    world.controller.start();
    await settle();
    if (left !== undefined) await keeping.continue(left);
    expect(world.areas).toEqual([undefined]);
  });

  it('was still to come', async () => {
    await work(POSITIVE);
    world.controller.give(NEGATIVE);
    await kept();
    await reload();
    expect(world.areas).toEqual([undefined]);
  });
});

describe('what is kept', () => {
  it('is written once for each answer, and not again after a reload', async () => {
    await work(POSITIVE, NEGATIVE);
    const { writes } = shelf.answers;
    expect(writes).toBeLessThanOrEqual(2);
    await reload();
    await embedded();
    await kept();
    expect(shelf.answers.writes).toBe(writes);
  });

  it('is no more than the new answers, however many an object has', PATIENTLY, async () => {
    await work(POSITIVE);
    for (let prompts = 2; prompts <= 300; prompts++) {
      world.controller.give(click(prompts % 4, 1));
      await world.answer();
      if (prompts % 10 === 0) await kept();
    }
    expect(records()[0]?.steps).toHaveLength(300);
    expect(shelf.answers.writes).toBe(300);
  });

  it('is without the answer to a prompt that was taken back', async () => {
    await work(POSITIVE, NEGATIVE);
    world.controller.removeLastPrompt();
    await kept();
    expect(records()[0]?.steps).toHaveLength(1);
    const before = seen();
    await reload();
    expect(seen()).toEqual(before);
  });

  it('is all of it once the database takes it again', async () => {
    const put = vi.spyOn(shelf.answers, 'put');
    put.mockRejectedValueOnce(new DOMException('', 'QuotaExceededError'));
    await work(POSITIVE);
    expect(records()).toEqual([]);
    world.controller.give(NEGATIVE);
    await world.answer();
    await kept();
    const before = seen();
    await reload();
    expect(seen()).toEqual(before);
    await embedded();
    expect(steps()).toBe(0);
  });

  it('has no memory of the decoder, and no draft', async () => {
    await work(POSITIVE);
    expect(JSON.stringify(records())).not.toContain('maskLogits');
    world.controller.newObject();
    world.controller.give(POSITIVE);
    await settle();
    await world.answer(true);
    await kept();
    expect(records()).toHaveLength(1);
  });

  it('goes with its object, and comes back when that is undone', async () => {
    await work(POSITIVE);
    world.controller.deleteObject(object().id);
    await kept();
    expect(records()).toEqual([]);
    world.controller.undo();
    await kept();
    expect(records()).toHaveLength(1);
  });

  it('may be refused by the database; the work goes on', async () => {
    shelf.answers.put = () => Promise.reject(new DOMException('', 'QuotaExceededError'));
    await work(POSITIVE);
    expect([world.areas, world.store.saved.value]).toEqual([[1], { phase: 'saved' }]);
    const keeping = new AnswerKeeping(world.store, shelf.answers);
    keeping.start();
    await keeping.settled();
    expect(records()).toEqual([]);
  });
});
