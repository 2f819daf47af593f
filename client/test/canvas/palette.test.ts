import { describe, expect, it } from 'vitest';
import { classColour, hexColour, inkOn, objectColour, type Rgb } from '../../src/canvas/palette';

/** Relative luminance, as WCAG defines it. */
function luminance(rgb: Rgb): number {
  const [r = 0, g = 0, b = 0] = rgb.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const INK: Rgb = [0x10, 0x13, 0x1a];
const NAMES = Array.from({ length: 2000 }, (_, index) => `class ${index}`);

const colourByName = (name: string): Rgb => classColour(name, {});

describe('the colour of a class', () => {
  it('follows from its name alone, however accents are written', () => {
    expect(hexColour(colourByName('dog'))).toBe('#00bc9b');
    expect(colourByName('caf\u00e9')).toEqual(colourByName('cafe\u0301'));
  });

  it('can be read on', () => {
    const contrasts = NAMES.map((name) => (luminance(colourByName(name)) + 0.05) / (luminance(INK) + 0.05));
    expect(Math.min(...contrasts)).toBeGreaterThan(4.5);
  });

  it('is the one that the user chose, for that name alone', () => {
    const chosen = { dog: '#0a80ff', ['__proto__']: '#000000' };
    expect(classColour('dog', chosen)).toEqual([10, 128, 255]);
    expect(hexColour(classColour('__proto__', chosen))).toBe('#000000');
    for (const name of ['Dog', 'constructor', 'toString', ''])
      expect(classColour(name, chosen)).toEqual(colourByName(name));
    expect(objectColour({ number: 1, userLabel: 'dog' }, chosen)).toEqual([10, 128, 255]);
    expect(objectColour({ number: 1, userLabel: null }, chosen)).not.toEqual([10, 128, 255]);
  });

  it('is one of many', () => {
    expect(new Set(NAMES.map((name) => hexColour(colourByName(name)))).size).toBeGreaterThan(100);
    const few = ['person', 'car', 'dog', 'cat', 'chair', 'bottle', 'tree', 'road', 'sky'];
    expect(new Set(few.map((name) => hexColour(colourByName(name)))).size).toBe(few.length);
  });
});

it('an object has the colour of its number until the user names it', () => {
  const [one, two] = [1, 2].map((number) => objectColour({ number, userLabel: null }, {}));
  expect(one).not.toEqual(two);
  const named = [1, 2].map((number) => objectColour({ number, userLabel: 'dog' }, {}));
  expect(named).toEqual([colourByName('dog'), colourByName('dog')]);
});

it('what is written on a colour can be read, whatever the user chose', () => {
  const steps = [0, 51, 102, 118, 153, 204, 255];
  const colours = steps.flatMap((r) => steps.flatMap((g) => steps.map((b): Rgb => [r, g, b])));
  const contrasts = colours.map((rgb) => {
    const [dark, light] = [luminance(rgb), inkOn(rgb) === 'white' ? 1 : 0].toSorted((a, b) => a - b);
    return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
  });
  expect(Math.min(...contrasts)).toBeGreaterThan(4.5);
});
