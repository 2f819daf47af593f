import { describe, expect, it } from 'vitest';
import type { App } from '../../../src/app/app';
import { repairSelected } from '../../../src/app/tools/repairs';
import { resultOf } from '../../../src/session/state';
import { click, stepResult } from '../../samples';
import { settle, SIZE, World } from '../world';

/** An object that is a ring of 8 pixels and a speck of 1, on 4 x 6. */
async function drawn(): Promise<{ readonly world: World; readonly app: App }> {
  const world = new World();
  await world.openReady();
  const app = { store: world.store, controller: world.controller } as unknown as App;
  world.controller.give(click(0.5, 0.5));
  await settle();
  const mask = { size: [4, 6], counts: [0, 3, 1, 1, 1, 1, 1, 3, 12, 1] } as const;
  world.questions[0]?.answer({ ...stepResult({ fill: 9, size: SIZE }), mask, area: 9 });
  await settle();
  return { world, app };
}

const areasOf = ({ store }: World): (number | undefined)[] =>
  store.activeImage.value?.document.objects.map((object) => resultOf(store.session.value, object)?.area) ??
  [];

describe('a repair', () => {
  it('changes the mask without the decoder, as one prompt that undo takes back', async () => {
    const { world, app } = await drawn();
    repairSelected(app, 'fill-holes');
    await settle();
    expect([areasOf(world), world.questions.length]).toEqual([[10], 1]);
    repairSelected(app, 'remove-specks');
    await settle();
    expect(areasOf(world)).toEqual([9]);
    const steps = world.store.activeImage.value?.document.objects[0]?.steps;
    expect(steps?.map(({ prompt }) => prompt).slice(1)).toEqual([
      { kind: 'repair', method: 'fill-holes', size: 24 },
      { kind: 'repair', method: 'remove-specks', size: 4 },
    ]);
    world.controller.undo();
    world.controller.undo();
    expect(areasOf(world)).toEqual([9]);
    world.controller.redo();
    expect(areasOf(world)).toEqual([10]);
  });

  it('stands on the answer to a later click, which remembers the repaired mask', async () => {
    const { world, app } = await drawn();
    repairSelected(app, 'fill-holes');
    await settle();
    world.controller.give(click(5.5, 3.5, 0));
    await settle();
    expect(world.questions[1]?.args.painted?.counts).toEqual([0, 3, 1, 3, 1, 3, 12, 1]);
    expect(world.questions[1]?.args.strokes).toEqual([
      { kind: 'repair', method: 'fill-holes', size: 24, held: [{ column: 5, row: 3, label: 0 }] },
    ]);
  });

  it('of nothing says what to do', async () => {
    const world = new World();
    await world.openReady();
    repairSelected({ store: world.store, controller: world.controller } as unknown as App, 'smooth');
    expect(world.store.notice.value).toBe('Select an object with a mask first');
    expect(areasOf(world)).toEqual([]);
  });
});
