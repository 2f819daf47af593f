import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Draft } from '../../src/canvas/layers';
import {
  Gestures,
  LONG_PRESS_MILLISECONDS,
  type DrawingTool,
  type PointerInput,
} from '../../src/canvas/pointer';
import type { PointXy, PromptItem } from '../../src/shared/types';

/** A photo of 100 x 80 pixels, two screen pixels each, 10 from the corner. */
class Host {
  current: DrawingTool = 'click';
  readonly given: PromptItem[] = [];
  readonly pans: PointXy[] = [];
  readonly zooms: number[] = [];
  draft: Draft | null = null;
  tool = (): DrawingTool => this.current;
  viewport = () => ({ scale: 2, x: 10, y: 10 });
  imageSize = () => ({ width: 100, height: 80 });
  give = (prompt: PromptItem): void => void this.given.push(prompt);
  showDraft = (draft: Draft | null): void => {
    this.draft = draft;
  };
  pan = (by: PointXy): void => void this.pans.push(by);
  zoom = (factor: number): void => void this.zooms.push(factor);
}

let host: Host;
let gestures: Gestures;

beforeEach(() => {
  vi.useFakeTimers();
  host = new Host();
  gestures = new Gestures(host);
});

afterEach(() => {
  vi.useRealTimers();
});

/** Input at a position of the image. */
const at = (x: number, y: number, more: Partial<PointerInput> = {}): PointerInput => ({
  id: 1,
  kind: 'mouse',
  at: { x: 10 + 2 * x, y: 10 + 2 * y },
  button: 0,
  shift: false,
  panning: false,
  ...more,
});

function press(x: number, y: number, more: Partial<PointerInput> = {}): void {
  gestures.down(at(x, y, more));
  gestures.up(at(x, y, more));
}

function drag(points: readonly (readonly [number, number])[], more: Partial<PointerInput> = {}): void {
  const [first = [0, 0], ...rest] = points;
  gestures.down(at(first[0], first[1], more));
  for (const [x, y] of rest) gestures.move(at(x, y, more));
  const [x, y] = rest.at(-1) ?? first;
  gestures.up(at(x, y, more));
}

describe('click', () => {
  it.each([
    ['left press', {}, 1],
    ['tap', { kind: 'touch' }, 1],
    ['right press', { button: 2 }, 0],
    ['Shift', { shift: true }, 0],
  ] as const)('%s', (_, more, label) => {
    press(12.25, 30, more);
    expect(host.given).toEqual([{ kind: 'click', x: 12.25, y: 30, label }]);
    expect(host.draft).toBeNull();
  });

  it('long press is negative, once', () => {
    gestures.down(at(5, 6, { kind: 'touch' }));
    vi.advanceTimersByTime(LONG_PRESS_MILLISECONDS);
    gestures.up(at(5, 6, { kind: 'touch' }));
    expect(host.given).toEqual([{ kind: 'click', x: 5, y: 6, label: 0 }]);
  });

  it('outside the photo is nothing', () => {
    press(-1, 5);
    press(100, 5);
    expect(host.given).toEqual([]);
  });

  it('is rounded to hundredths of a pixel', () => {
    press(1 / 3, 2 / 3);
    expect(host.given).toEqual([{ kind: 'click', x: 0.33, y: 0.67, label: 1 }]);
  });

  it('dragging moves the image instead', () => {
    drag([
      [10, 10],
      [20, 10],
      [20, 15],
    ]);
    expect(host.given).toEqual([]);
    expect(host.pans).toEqual([
      { x: 20, y: 0 },
      { x: 0, y: 10 },
    ]);
  });
});

describe('panning', () => {
  it.each([
    ['middle button', { button: 1 }],
    ['Space', { panning: true }],
  ] as const)('%s', (_, more) => {
    host.current = 'box';
    drag(
      [
        [10, 10],
        [15, 12],
      ],
      more,
    );
    expect(host.pans).toEqual([{ x: 10, y: 4 }]);
    expect(host.given).toEqual([]);
  });
});

describe('two fingers', () => {
  it('move and zoom, and draw nothing', () => {
    host.current = 'scribble';
    gestures.down(at(10, 10, { kind: 'touch', id: 1 }));
    gestures.down(at(30, 10, { kind: 'touch', id: 2 }));
    gestures.move(at(50, 10, { kind: 'touch', id: 2 }));
    gestures.up(at(10, 10, { kind: 'touch', id: 1 }));
    gestures.up(at(50, 10, { kind: 'touch', id: 2 }));
    expect(host.zooms).toEqual([2]);
    expect(host.pans).toEqual([{ x: 20, y: 0 }]);
    expect(host.given).toEqual([]);
    expect(host.draft).toBeNull();
  });
});

describe('box', () => {
  beforeEach(() => {
    host.current = 'box';
  });

  it('is ordered and clamped to the photo', () => {
    drag([
      [60, 50],
      [-20, 20],
    ]);
    expect(host.given).toEqual([{ kind: 'box', x0: 0, y0: 20, x1: 60, y1: 50 }]);
  });

  it('that is too small to be meant is nothing', () => {
    drag([
      [60, 50],
      [61, 50.5],
    ]);
    expect(host.given).toEqual([]);
  });

  it('is shown while it is drawn, and dropped when the system takes the pointer', () => {
    gestures.down(at(10, 10));
    gestures.move(at(20, 30));
    expect(host.draft).toMatchObject({ kind: 'box', to: { x: 20, y: 30 } });
    gestures.cancelPointer(1);
    expect(host.draft).toBeNull();
    expect(host.given).toEqual([]);
  });
});

describe('scribble', () => {
  beforeEach(() => {
    host.current = 'scribble';
  });

  it('keeps points a few screen pixels apart', () => {
    drag([
      [10, 10],
      [10.5, 10],
      [20, 10],
      [30, 12],
    ]);
    expect(host.given).toEqual([
      {
        kind: 'scribble',
        label: 1,
        points_xy: [
          [10, 10],
          [20, 10],
          [30, 12],
        ],
      },
    ]);
  });

  it('is negative with the right button', () => {
    drag([[10, 10]], { button: 2 });
    expect(host.given).toEqual([{ kind: 'scribble', label: 0, points_xy: [[10, 10]] }]);
  });
});

describe('polygon', () => {
  beforeEach(() => {
    host.current = 'polygon';
    press(10, 10);
    press(50, 10);
    press(50, 40);
  });

  const outline = [
    [10, 10],
    [50, 10],
    [50, 40],
  ];

  it('is closed by Enter or double click', () => {
    gestures.closePolygon();
    expect(host.given).toEqual([{ kind: 'polygon', points_xy: outline }]);
  });

  it('is closed by a press on its start', () => {
    press(11, 11);
    expect(host.given).toEqual([{ kind: 'polygon', points_xy: outline }]);
  });

  it('counts the two presses of a double click once', () => {
    press(50, 40);
    gestures.closePolygon();
    expect(host.given).toEqual([{ kind: 'polygon', points_xy: outline }]);
  });

  it('follows the pointer, loses corners by Backspace, and is dropped by Escape', () => {
    gestures.move(at(20, 50));
    expect(host.draft).toMatchObject({ kind: 'polygon', cursor: { x: 20, y: 50 } });
    gestures.removeLastVertex();
    expect(host.draft).toMatchObject({ points: [{ x: 10 }, { x: 50 }] });
    gestures.closePolygon();
    expect(host.given).toEqual([]);
    gestures.cancel();
    expect(host.draft).toBeNull();
  });
});
