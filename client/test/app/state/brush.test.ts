import { signal } from '@preact/signals';
import { expect, it } from 'vitest';
import { brushRadius, LARGEST_BRUSH, SMALLEST_BRUSH, stepBrush } from '../../../src/app/state/brush';

const brushOf = (size: number) => ({ brush: signal(size), viewport: signal({ scale: 2, x: 0, y: 0 }) });

it('grows and shrinks by keys, by at least a pixel and within bounds', () => {
  const store = brushOf(2);
  stepBrush(store, 1);
  expect(store.brush.value).toBe(3);
  for (let k = 0; k < 60; k++) stepBrush(store, 1);
  expect(store.brush.value).toBe(LARGEST_BRUSH);
  for (let k = 0; k < 60; k++) stepBrush(store, -1);
  expect(store.brush.value).toBe(SMALLEST_BRUSH);
});

it('is as large on the screen at every magnification', () => {
  expect(brushRadius(brushOf(24))).toBe(6);
});
