import { describe, expect, it } from 'vitest';
import type { CallOptions, DecoderBridge } from '../../../src/bridge/decoder';
import { Everything } from '../../../src/app/steps/everything';
import { setCanvas } from '../../../src/session/canvas';
import { Failure, type ClientError } from '../../../src/shared/errors';
import type { WorkerProposal } from '../../../src/shared/messages';
import { click, stepResult } from '../../samples';
import { settle, SIZE, World } from '../world';

const proposal = (x: number, fill: number): WorkerProposal => ({
  point: { x, y: 1.5 },
  likelihood: 0.5,
  result: stepResult({ fill, size: SIZE }),
});

/** A page with an open photo, whose worker looks for everything as the test says. */
async function page() {
  const world = new World();
  await world.openReady();
  const errors: ClientError[] = [];
  const asked: {
    options: CallOptions;
    answer: (found: readonly WorkerProposal[]) => void;
    fail: (error: ClientError) => void;
  }[] = [];
  const call = (_name: string, _args: object, options: CallOptions): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const fail = (error: ClientError): void => reject(new Failure(error));
      options.signal?.addEventListener('abort', () => fail({ kind: 'aborted', message: 'cancelled' }));
      asked.push({ options, answer: resolve, fail });
    });
  const decoder = { call: call as DecoderBridge['call'], terminate: () => undefined };
  const everything = new Everything(
    world.store,
    { decoder, now: () => 5 },
    { change: (edit) => world.controller.change(edit), report: (error) => errors.push(error) },
  );
  return { world, everything, asked, errors };
}

describe('everything', () => {
  it('adds what the worker proposes, named, as one change', async () => {
    const { world, everything, asked } = await page();
    const run = everything.run();
    asked[0]?.answer([proposal(1.5, 4), proposal(3.5, 9)]);
    await run;
    expect(world.areas).toEqual([4, 9]);
    const { results } = world.store.session.value;
    expect([...results.values()].map(({ label }) => label)).toEqual(['one', 'one']);
    expect(world.store.notice.value).toBe('2 objects found');
    expect(world.calls.filter((name) => name === 'step')).toEqual([]);
    world.controller.undo();
    expect(world.areas).toEqual([]);
  });

  it('is corrected by clicks like any other object', async () => {
    const { world, everything, asked } = await page();
    const run = everything.run();
    asked[0]?.answer([proposal(1.5, 4)]);
    await run;
    const [object] = world.store.activeImage.value?.document.objects ?? [];
    world.controller.selectObject(object?.id ?? '');
    world.controller.give(click(2.5, 2.5, 0));
    expect(world.questions.at(-1)?.args.points).toHaveLength(2);
    expect(world.questions.at(-1)?.args.memory).toEqual(proposal(1.5, 4).result.maskLogits);
  });

  it('shows how far it is, and changes nothing when it is cancelled', async () => {
    const { world, everything, asked, errors } = await page();
    const run = everything.run();
    asked[0]?.options.onProgress?.({ bytes: 30, total: 120 });
    expect(everything.running.value?.fraction).toBe(0.25);
    expect(everything.whyNot).toBe('Everything is being looked for');
    everything.cancel();
    expect(everything.running.value).toBeNull();
    await run;
    expect(world.areas).toEqual([]);
    expect(errors).toEqual([]);
    expect(everything.whyNot).toBeNull();
  });

  it.each(['before', 'after'])('is answered again on a canvas that comes %s what was found', async (when) => {
    const { world, everything, asked } = await page();
    const run = everything.run();
    world.controller.change((session) => setCanvas(session, 600));
    await settle();
    const arrive = async (): Promise<void> => {
      world.embeds.at(-1)?.arrive();
      await settle();
    };
    if (when === 'before') await arrive();
    asked[0]?.answer([proposal(1.5, 4)]);
    await run;
    expect(world.store.session.value.results.size).toBe(0);
    if (when === 'after') await arrive();
    await world.answer();
    const [object] = world.store.activeImage.value?.document.objects ?? [];
    expect(object?.steps.map(({ prompt }) => prompt)).toEqual([click(1.5, 1.5)]);
    expect(world.store.session.value.results.has(object?.steps[0]?.id ?? '')).toBe(true);
  });

  it('says what went wrong', async () => {
    const { everything, asked, errors } = await page();
    const run = everything.run();
    asked[0]?.fail({ kind: 'decoder', message: 'out of memory' });
    await run;
    expect(errors.map(({ message }) => message)).toEqual(['out of memory']);
    expect(everything.running.value).toBeNull();
  });

  it('waits for a photo, and until it is ready', async () => {
    const world = new World();
    const everything = new Everything(world.store, world.services, world.controller);
    expect(everything.whyNot).toBe('Open a photo first');
    await world.openReady();
    expect(everything.whyNot).toBeNull();
    world.controller.openPhoto({ ...(world.store.activePhoto.value?.photo ?? never()), name: 'other.jpg' });
    await settle();
    expect(everything.whyNot).toBe('The photo is not ready yet');
  });
});

function never(): never {
  throw new Error('there is a photo');
}
