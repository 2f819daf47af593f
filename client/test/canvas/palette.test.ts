import { describe, expect, it } from 'vitest';
import { classColour, hexColour, objectColour, type Rgb } from '../../src/canvas/palette';

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

describe('the colour of a class', () => {
  it('follows from its name alone, however accents are written', () => {
    expect(hexColour(classColour('dog'))).toBe('#00bc9b');
    expect(classColour('caf\u00e9')).toEqual(classColour('cafe\u0301'));
  });

  it('can be read on', () => {
    const contrasts = NAMES.map((name) => (luminance(classColour(name)) + 0.05) / (luminance(INK) + 0.05));
    expect(Math.min(...contrasts)).toBeGreaterThan(4.5);
  });

  it('is one of many', () => {
    expect(new Set(NAMES.map((name) => hexColour(classColour(name)))).size).toBeGreaterThan(100);
    const few = ['person', 'car', 'dog', 'cat', 'chair', 'bottle', 'tree', 'road', 'sky'];
    expect(new Set(few.map((name) => hexColour(classColour(name)))).size).toBe(few.length);
  });
});

it('an object has the colour of its number until the user names it', () => {
  const [one, two] = [1, 2].map((number) => objectColour({ number, userLabel: null }));
  expect(one).not.toEqual(two);
  const named = [1, 2].map((number) => objectColour({ number, userLabel: 'dog' }));
  expect(named).toEqual([classColour('dog'), classColour('dog')]);
});
