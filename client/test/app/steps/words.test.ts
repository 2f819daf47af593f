import { describe, expect, it } from 'vitest';
import { setCanvas } from '../../../src/session/canvas';
import { Words } from '../../../src/app/steps/words';
import type { DecoderBridge } from '../../../src/bridge/decoder';
import { click, stepResult } from '../../samples';
import { settle, SIZE, World } from '../world';

/** A page with an open photo and a model that finds words, or not. */
async function page({ canFind = true } = {}) {
  const world = new World();
  await world.openReady();
  const { decoder } = world.store;
  if (decoder.value.phase === 'ready') {
    decoder.value = { phase: 'ready', info: { ...decoder.value.info, canFind } };
  }
  const calls: string[] = [];
  const prompts: string[] = [];
  const call = (name: string): Promise<unknown> => {
    calls.push(name);
    const found = (x: number, fill: number) => ({
      ...{ point: { x, y: 1.5 }, likelihood: 0.5 },
      result: stepResult({ fill, size: SIZE }),
    });
    return Promise.resolve([found(1.5, 4), found(3.5, 9)]);
  };
  const bridge = { call: call as DecoderBridge['call'], terminate: () => undefined };
  const services = { texts: world.services.texts, decoder: bridge, now: () => 5 };
  const words = new Words(world.store, services, {
    change: (edit) => world.controller.change(edit),
    giveText: (text) => prompts.push(text),
  });
  return { world, words, calls, prompts };
}

describe('words alone', () => {
  it('are a prompt where the photo goes to another canvas while they are looked up', async () => {
    const { world, words, calls, prompts } = await page();
    const giving = words.give('cat');
    world.controller.change((session) => setCanvas(session, 600));
    world.nameInquiries[0]?.answer();
    await giving;
    expect([calls, prompts]).toEqual([[], ['cat']]);
  });

  it('become all objects that they name, of which the best is active', async () => {
    const { world, words, calls, prompts } = await page();
    const given = words.give('  the   cups ');
    expect(world.store.textsAsked.value).toEqual(['the cups']);
    expect(world.nameInquiries[0]?.names).toEqual(['the cups']);
    world.nameInquiries[0]?.answer();
    await given;
    expect([calls, prompts]).toEqual([['find'], []]);
    expect(world.areas).toEqual([4, 9]);
    const document = world.store.activeImage.value?.document;
    expect(document?.activeObject).toBe(document?.objects[0]?.id);
    expect(world.store.notice.value).toBe('“the cups”: 2 found');
    world.controller.undo();
    expect(world.areas).toEqual([]);
  });

  it('are a prompt when they cannot be looked up, so that nothing is lost', async () => {
    const { world, words, prompts } = await page();
    const given = words.give('a red scarf');
    world.nameInquiries[0]?.fail({ kind: 'network', message: 'gone' });
    await given;
    expect(prompts).toEqual(['a red scarf']);
    expect(world.store.textsAsked.value).toEqual([]);
  });

  it('are a prompt of an object that has others, and where the model cannot find them', async () => {
    const { world, words, calls, prompts } = await page();
    world.controller.give(click(2.5, 2.5));
    await settle();
    await words.give('cup');
    const other = await page({ canFind: false });
    await other.words.give('cup');
    await other.words.give('  ');
    expect([prompts, other.prompts, calls, other.calls]).toEqual([['cup'], ['cup'], [], []]);
  });
});
