import { describe, expect, it } from 'vitest';
import { clampToImage, fit, isInside, pan, toImage, toScreen, zoomAt } from '../../src/canvas/viewport';

const IMAGE = { width: 400, height: 200 };
const CANVAS = { width: 800, height: 600 };

describe('viewport', () => {
  it('fits the whole image, centred', () => {
    const viewport = fit(IMAGE, CANVAS);
    expect(toScreen(viewport, { x: 200, y: 100 })).toEqual({ x: 400, y: 300 });
    const corner = toScreen(viewport, { x: 400, y: 200 });
    expect(corner.x).toBeLessThan(800);
    expect(corner.y).toBeLessThan(600);
  });

  it('converts there and back', () => {
    const viewport = { scale: 1.7, x: -31, y: 12 };
    const back = toImage(viewport, toScreen(viewport, { x: 12.5, y: 99 }));
    expect(back.x).toBeCloseTo(12.5, 9);
    expect(back.y).toBeCloseTo(99, 9);
  });

  it('keeps the image in place under the pointer while zooming', () => {
    const start = fit(IMAGE, CANVAS);
    const anchor = { x: 350, y: 280 };
    const zoomed = zoomAt(start, 2, anchor, IMAGE, CANVAS);
    expect(zoomed.scale).toBeCloseTo(2 * start.scale);
    expect(toImage(zoomed, anchor).x).toBeCloseTo(toImage(start, anchor).x, 9);
  });

  it('has limits in both directions', () => {
    const start = fit(IMAGE, CANVAS);
    expect(zoomAt(start, 1e9, { x: 0, y: 0 }, IMAGE, CANVAS).scale).toBe(40);
    expect(zoomAt(start, 1e-9, { x: 0, y: 0 }, IMAGE, CANVAS).scale).toBeCloseTo(start.scale / 4);
  });

  it('does not lose the image', () => {
    const moved = pan(fit(IMAGE, CANVAS), { x: 1e6, y: -1e6 }, IMAGE, CANVAS);
    const centre = toImage(moved, { x: 400, y: 300 });
    expect(centre.x).toBeGreaterThanOrEqual(0);
    expect(centre.y).toBeLessThanOrEqual(200);
  });

  it('tells and clamps positions', () => {
    expect(isInside({ x: 399.9, y: 0 }, IMAGE)).toBe(true);
    expect(isInside({ x: 400, y: 0 }, IMAGE)).toBe(false);
    expect(clampToImage({ x: -5, y: 300 }, IMAGE)).toEqual({ x: 0, y: 200 });
  });
});
