import { beforeEach, describe, expect, it } from 'vitest';
import { projectOf } from '../../../src/app/steps/projectOf';
import { medianTimings, recordPaint, timingsOf } from '../../../src/app/steps/timings';
import { STAGES } from '../../../src/shared/stages';
import { stepResult } from '../../samples';
import { SIZE, World } from '../world';

let world: World;

beforeEach(async () => {
  world = new World();
  await world.openAnswered();
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('timings', () => {
  it('of every stage add up to the whole, before and after the mask is drawn', () => {
    const { store } = world;
    for (const paint of [0, 5]) {
      if (paint > 0) recordPaint(store, world.clock + 3, world.clock + 3 + paint);
      const [timings] = timingsOf(store);
      if (timings === undefined) throw new Error('no timings');
      expect(timings.paint).toBe(paint);
      expect(sum(STAGES.map((stage) => timings[stage]))).toBeCloseTo(timings.total, 9);
    }
  });

  it('are in the project by stage', () => {
    recordPaint(world.store, world.clock + 1, world.clock + 3);
    const [object] = projectOf(world.store).images[0]?.objects ?? [];
    expect(object?.timings).toMatchObject({ step: 3, paint: 2 });
    expect(Object.keys(object?.timings ?? {}).sort()).toEqual([...STAGES, 'total'].sort());
  });

  it('count a drawing once, for what was not drawn before', () => {
    recordPaint(world.store, world.clock + 1, world.clock + 3);
    recordPaint(world.store, world.clock + 50, world.clock + 60);
    expect(timingsOf(world.store)[0]?.paint).toBe(2);
  });

  it('have a median, of an even number the middle', () => {
    const { timings } = stepResult({ fill: 1, size: SIZE });
    const all = [3, 9, 4, 100].map((step) => ({ ...timings, step }));
    expect(medianTimings(all)?.step).toBe(6.5);
    expect(medianTimings([])).toBeNull();
  });
});
