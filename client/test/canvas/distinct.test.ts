import { describe, expect, it } from 'vitest';
import { ALIKE, toLab, toldApart } from '../../src/canvas/distinct';
import { classColour } from '../../src/canvas/palette';
import type { ClassColours } from '../../src/session/state';

const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `name ${index}`);

/** Distance of the two colours that are closest. */
function closest(names: readonly string[], colours: ClassColours): number {
  const labs = names.map((name) => toLab(classColour(name, colours)));
  const distances = labs.flatMap((a, index) =>
    labs.slice(0, index).map((b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])),
  );
  return Math.min(...distances);
}

describe('colours of classes that are told apart', () => {
  it.each([2, 10, 20, 40])('do not look alike among %i names', (count) => {
    const names = namesOf(count);
    expect(closest(names, toldApart(names, {}))).toBeGreaterThanOrEqual(ALIKE);
  });

  it('are given to few, and to the same whenever they are asked for', () => {
    const names = namesOf(20);
    expect(closest(names, {})).toBeLessThan(ALIKE);
    const colours = toldApart(names, {});
    expect(Object.keys(colours).length).toBeLessThan(10);
    expect(toldApart(names, {})).toEqual(colours);
    expect(toldApart(names, colours)).toEqual(colours);
    expect(toldApart([...names, 'name 20'], colours)).toMatchObject(colours);
  });

  it('leave what was chosen, also where that looks alike or is of no class in the list', () => {
    const chosen = { 'name 1': '#0a80ff', 'name 2': '#0a80fe', gone: '#000000' };
    expect(toldApart(namesOf(10), chosen)).toMatchObject(chosen);
  });

  it('are those by name where these differ, and for no name or one', () => {
    for (const names of [[], ['dog'], ['dog', 'cat']]) expect(toldApart(names, {})).toEqual({});
  });

  it('take the name of no property for a colour', () => {
    const names = ['__proto__', 'constructor', ...namesOf(30)];
    expect(closest(names, toldApart(names, {}))).toBeGreaterThanOrEqual(ALIKE);
  });

  it('are found for as many classes as a project can hold', { timeout: 60_000 }, () => {
    const colours = toldApart(namesOf(4096), {});
    expect(Object.values(colours).every((colour) => /^#[0-9a-f]{6}$/.test(colour))).toBe(true);
  });
});
