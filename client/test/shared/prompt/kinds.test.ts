import { describe, expect, it } from 'vitest';
import { PROMPT_KINDS, readPromptItem, rowOf } from '../../../src/shared/prompt/kinds';
import { wholeImage, promptPoints } from '../../../src/shared/prompt/prompts';
import type { PromptItem, PromptKind } from '../../../src/shared/types';
import { POINT_RULES } from '../../samples';

const CORNERS = [
  [2, 3],
  [12, 3],
  [12, 9],
] as const;

/** One of each kind, on an image of 20 x 16. */
const ITEMS: Readonly<Record<PromptKind, PromptItem>> = {
  click: { kind: 'click', x: 4, y: 5, label: 0 },
  box: { kind: 'box', x0: 2, y0: 3, x1: 12, y1: 9 },
  scribble: { kind: 'scribble', points_xy: CORNERS, label: 1 },
  polygon: { kind: 'polygon', points_xy: CORNERS, label: 0 },
  text: { kind: 'text', text: 'a cat' },
  paint: { kind: 'paint', points_xy: CORNERS, radius: 2.5, label: 0 },
  mask: { kind: 'mask', size: [16, 20], counts: [10, 5, 305] },
  repair: { kind: 'repair', method: 'remove-specks', size: 40 },
};
const part = wholeImage({ height: 16, width: 20 });

describe.each(PROMPT_KINDS)('a prompt of kind %s', (kind) => {
  const item = ITEMS[kind];

  it('is read as it was written', () => {
    expect(readPromptItem(JSON.parse(JSON.stringify(item)) as never, 'item')).toEqual(item);
  });

  it('is seen by the decoder and by the user, unless it is words or is in the mask', () => {
    expect(promptPoints([item], part, POINT_RULES).length > 0).toBe(
      !['text', 'paint', 'repair'].includes(kind),
    );
    expect(rowOf(item).draw(item).length > 0).toBe(!['text', 'mask', 'repair'].includes(kind));
  });
});

it('a box is drawn as its dashed outline, in the colour of its sign', () => {
  expect(rowOf(ITEMS.box).draw(ITEMS.box)).toEqual([
    {
      shape: 'line',
      points: [
        { x: 2, y: 3 },
        { x: 12, y: 3 },
        { x: 12, y: 9 },
        { x: 2, y: 9 },
      ],
      label: 1,
      isClosed: true,
      isDashed: true,
    },
  ]);
});

it('other kinds are refused by name, with the names that are known', () => {
  const read = (): unknown => readPromptItem({ kind: 'lasso' }, 'items[0]');
  expect(read).toThrow(
    'items[0].kind: unknown name "lasso"; known are click, box, scribble, polygon, text, paint, mask, repair',
  );
});
