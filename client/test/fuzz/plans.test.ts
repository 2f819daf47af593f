import { describe, expect, it } from 'vitest';
import { planOf, readPlan, shorten, writePlan, type Step } from '../../fuzz/fuzz';

function take(steps: Iterable<Step>, count: number): Step[] {
  const taken: Step[] = [];
  for (const step of steps) {
    if (taken.length === count) break;
    taken.push(step);
  }
  return taken;
}

describe('the plan of a seed', () => {
  it('is the same every time, and another for another seed', () => {
    expect(take(planOf(3), 50)).toEqual(take(planOf(3), 50));
    expect(take(planOf(3), 50)).not.toEqual(take(planOf(4), 50));
  });

  it('is read back from what a failure prints', () => {
    const plan = take(planOf(5), 200);
    expect(readPlan(writePlan(plan))).toEqual(plan);
  });
});

describe('a failing plan is shortened', () => {
  const plan = take(planOf(7), 97);

  it('to the actions that it takes', async () => {
    const needed = [plan[11], plan[60]];
    const breaks = (steps: readonly Step[]): Promise<boolean> =>
      Promise.resolve(needed.every((step) => step !== undefined && steps.includes(step)));
    expect(await shorten(plan, breaks, Infinity)).toEqual(needed);
  });

  it('not at all once its time is over', async () => {
    expect(await shorten(plan, () => Promise.resolve(true), 0)).toEqual(plan);
  });
});
