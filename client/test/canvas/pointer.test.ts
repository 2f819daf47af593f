import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LONG_PRESS_MILLISECONDS } from '../../src/canvas/longPress';
import { Gestures, type PointerInput } from '../../src/canvas/pointer';
import type { Sketch } from '../../src/canvas/sketch';
import { BOXES, brushOf, CLICKS, POLYGONS, SCRIBBLES, type ToolGesture } from '../../src/canvas/toolGestures';
import type { PointXy, PromptItem } from '../../src/shared/types';

const GESTURES = {
  ...{ click: CLICKS, box: BOXES, scribble: SCRIBBLES, polygon: POLYGONS },
  ...{ paint: brushOf(1), erase: brushOf(0) },
} as const;

/** A photo of 100 x 80 pixels, two screen pixels each, 10 from the corner. */
class Host {
  current: keyof typeof GESTURES = 'click';
  readonly given: PromptItem[] = [];
  readonly pans: PointXy[] = [];
  readonly zooms: number[] = [];
  sketch: Sketch | null = null;
  tool = (): ToolGesture => GESTURES[this.current];
  viewport = () => ({ scale: 2, x: 10, y: 10 });
  imageSize = () => ({ width: 100, height: 80 });
  brush = () => 4;
  give = (prompt: PromptItem): void => void this.given.push(prompt);
  showSketch = (sketch: Sketch | null): void => {
    this.sketch = sketch;
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
  negative: false,
  isPrimary: more.id === undefined || more.id === 1,
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

describe('a brush', () => {
  it.each([
    ['paint', {}, 1],
    ['paint', { button: 2 }, 0],
    ['erase', {}, 0],
    ['erase', { negative: true }, 1],
  ] as const)('%s by a drag with %j', (tool, more, label) => {
    host.current = tool;
    drag(
      [
        [10, 10],
        [20, 10.25],
      ],
      more,
    );
    const points_xy = [
      [10, 10],
      [20, 10.25],
    ];
    expect(host.given).toEqual([{ kind: 'paint', points_xy, radius: 4, label }]);
    expect(host.sketch).toBeNull();
  });

  it('paints by a press alone, and at the border from a little outside', () => {
    host.current = 'paint';
    press(12.345, 3);
    press(-2, 20);
    press(-20, 20);
    expect(host.given).toMatchObject([{ points_xy: [[12.35, 3]] }, { points_xy: [[0, 20]] }]);
  });

  it('is begun and ended by Enter at the crosshair', () => {
    host.current = 'erase';
    gestures.enter({ x: 5, y: 5 }, false);
    gestures.follow({ x: 15, y: 5 });
    gestures.enter({ x: 15, y: 5 }, false);
    expect(host.given).toMatchObject([{ kind: 'paint', label: 0 }]);
  });
});

describe('click', () => {
  it.each([
    ['left press', {}, 1],
    ['tap', { kind: 'touch' }, 1],
    ['right press', { button: 2 }, 0],
    ['a modifier', { negative: true }, 0],
    ['the other end of a pen', { kind: 'pen', button: 5 }, 0],
  ] as const)('%s', (_, more, label) => {
    press(12.25, 30, more);
    expect(host.given).toEqual([{ kind: 'click', x: 12.25, y: 30, label }]);
    expect(host.sketch).toBeNull();
  });

  it('long press is negative, once', () => {
    gestures.down(at(5, 6, { kind: 'touch' }));
    vi.advanceTimersByTime(LONG_PRESS_MILLISECONDS);
    gestures.up(at(5, 6, { kind: 'touch' }));
    expect(host.given).toEqual([{ kind: 'click', x: 5, y: 6, label: 0 }]);
  });

  it.each(['mouse', 'pen'] as const)('a %s that is held is no long press', (kind) => {
    gestures.down(at(5, 6, { kind }));
    vi.advanceTimersByTime(10 * LONG_PRESS_MILLISECONDS);
    expect(host.given).toEqual([]);
    gestures.up(at(5, 6, { kind }));
    expect(host.given).toEqual([{ kind: 'click', x: 5, y: 6, label: 1 }]);
  });

  it.each([3, 4])('the button %i, which goes back or forward, is nothing', (button) => {
    press(5, 6, { button });
    expect(host.given).toEqual([]);
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
    expect(host.sketch).toBeNull();
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
    expect(host.sketch).toMatchObject({ item: { kind: 'box', x1: 20, y1: 30 } });
    gestures.cancelPointer(1);
    expect(host.sketch).toBeNull();
    expect(host.given).toEqual([]);
  });
});

describe('negative shapes', () => {
  it.each([
    ['the right button', { button: 2 }],
    ['a modifier', { negative: true }],
  ] as const)('by %s', (_, more) => {
    host.current = 'box';
    gestures.down(at(10, 10, more));
    gestures.move(at(20, 30, more));
    expect(host.sketch).toMatchObject({ item: { kind: 'box', label: 0 } });
    gestures.up(at(20, 30, more));
    host.current = 'scribble';
    drag([[10, 10]], more);
    host.current = 'polygon';
    press(10, 10, more);
    press(50, 10);
    press(50, 40);
    expect(host.sketch).toMatchObject({ kind: 'corners', label: 0 });
    gestures.closePolygon();
    expect(host.given).toMatchObject([
      { kind: 'box', x0: 10, y0: 10, x1: 20, y1: 30, label: 0 },
      { kind: 'scribble', label: 0 },
      { kind: 'polygon', label: 0 },
    ]);
  });

  it.each(['box', 'scribble'] as const)(
    'a %s of a finger that stays before it goes on is negative',
    (tool) => {
      host.current = tool;
      gestures.down(at(10, 10, { kind: 'touch' }));
      vi.advanceTimersByTime(LONG_PRESS_MILLISECONDS);
      expect(host.sketch).toMatchObject({ kind: 'shape', item: { kind: tool, label: 0 } });
      gestures.move(at(40, 40, { kind: 'touch' }));
      gestures.up(at(40, 40, { kind: 'touch' }));
      expect(host.given).toMatchObject([{ kind: tool, label: 0 }]);
    },
  );

  it.each(['box', 'scribble'] as const)('a %s of a finger that goes on at once stays positive', (tool) => {
    host.current = tool;
    gestures.down(at(10, 10, { kind: 'touch' }));
    gestures.move(at(40, 40, { kind: 'touch' }));
    vi.advanceTimersByTime(10 * LONG_PRESS_MILLISECONDS);
    gestures.up(at(50, 50, { kind: 'touch' }));
    expect(host.given).toHaveLength(1);
    expect(host.given).not.toMatchObject([{ label: 0 }]);
  });

  it('a polygon whose first corner is a long press is negative', () => {
    host.current = 'polygon';
    gestures.down(at(10, 10, { kind: 'touch' }));
    vi.advanceTimersByTime(LONG_PRESS_MILLISECONDS);
    gestures.up(at(10, 10, { kind: 'touch' }));
    expect(host.sketch).toMatchObject({ kind: 'corners', label: 0 });
    gestures.down(at(40, 10, { kind: 'touch' }));
    vi.advanceTimersByTime(10 * LONG_PRESS_MILLISECONDS);
    gestures.up(at(40, 10, { kind: 'touch' }));
    press(40, 40, { kind: 'touch' });
    gestures.closePolygon();
    expect(host.given).toMatchObject([{ kind: 'polygon', label: 0 }]);
  });

  it('a polygon has the sign of its first corner, each its own', () => {
    host.current = 'polygon';
    press(10, 10, { button: 2 });
    gestures.cancel();
    press(10, 10);
    press(50, 10, { button: 2 });
    press(50, 40);
    gestures.closePolygon();
    expect(host.given).toEqual([
      {
        kind: 'polygon',
        points_xy: [
          [10, 10],
          [50, 10],
          [50, 40],
        ],
      },
    ]);
  });
});

describe('what is held down', () => {
  const ends: readonly (readonly [string, () => void])[] = [
    [
      'the window loses the focus',
      () => {
        gestures.release();
      },
    ],
    [
      'the system takes the pointer',
      () => {
        gestures.cancelPointer(1);
      },
    ],
    [
      'another tool is chosen, or Escape',
      () => {
        gestures.cancel();
      },
    ],
    ['it is undone', () => void gestures.undo()],
  ];

  it.each(
    (['click', 'box', 'scribble'] as const).flatMap((tool) => ends.map((end) => [tool, ...end] as const)),
  )('of %s is dropped when %s, and the next press is a fresh one', (tool, _, end) => {
    host.current = tool;
    gestures.down(at(10, 10));
    if (tool !== 'click') gestures.move(at(30, 30));
    end();
    expect(host.sketch).toBeNull();
    gestures.move(at(35, 35));
    expect(host.sketch).toBeNull();
    gestures.up(at(40, 40));
    expect(host.given).toEqual([]);
    drag([
      [20, 20],
      [60, 60],
    ]);
    press(20, 20);
    expect(host.given.length + host.pans.length).toBeGreaterThan(0);
  });

  it('a lost finger leaves no ghost behind that would make the next one a pinch', () => {
    gestures.down(at(10, 10, { kind: 'touch', id: 7, isPrimary: true }));
    press(20, 20, { kind: 'touch', id: 8, isPrimary: true });
    expect(host.given).toEqual([{ kind: 'click', x: 20, y: 20, label: 1 }]);
    expect(host.zooms).toEqual([]);
  });

  it('the end of the capture after a release takes nothing back', () => {
    host.current = 'polygon';
    press(10, 10);
    gestures.cancelPointer(1);
    expect(host.sketch).toMatchObject({ kind: 'corners', points: [{ x: 10 }] });
  });

  it('keeps the corners of a polygon when the window loses the focus', () => {
    host.current = 'polygon';
    press(10, 10);
    gestures.release();
    press(50, 10);
    press(50, 40);
    gestures.closePolygon();
    expect(host.given).toHaveLength(1);
  });
});

describe('undo and redo while a polygon is drawn', () => {
  beforeEach(() => {
    host.current = 'polygon';
    press(10, 10);
    press(50, 10);
  });

  it('take corners one by one and bring them back, and then leave it to the page', () => {
    expect(gestures.undo()).toBe(true);
    expect(host.sketch).toMatchObject({ points: [{ x: 10 }] });
    expect(gestures.redo()).toBe(true);
    expect(host.sketch).toMatchObject({ points: [{ x: 10 }, { x: 50 }] });
    expect([gestures.undo(), gestures.undo(), gestures.undo()]).toEqual([true, true, false]);
    expect(host.sketch).toBeNull();
    expect(gestures.redo()).toBe(false);
  });

  it('never redo finished work meanwhile', () => {
    expect(gestures.redo()).toBe(true);
    expect(host.sketch).toMatchObject({ points: [{ x: 10 }, { x: 50 }] });
  });

  it('another corner ends what can be brought back', () => {
    gestures.undo();
    press(60, 60);
    gestures.redo();
    expect(host.sketch).toMatchObject({ points: [{ x: 10 }, { x: 60 }] });
  });

  it('are the page’s when nothing is drawn', () => {
    gestures.cancel();
    expect([gestures.undo(), gestures.redo()]).toEqual([false, false]);
  });
});

describe('the keyboard’s crosshair', () => {
  it('clicks with the Click tool', () => {
    gestures.enter({ x: 10, y: 20 }, true);
    expect(host.given).toEqual([{ kind: 'click', x: 10, y: 20, label: 0 }]);
  });

  it.each([
    ['box', { kind: 'box', x0: 10, y0: 20, x1: 30, y1: 50, label: 0 }],
    [
      'scribble',
      {
        kind: 'scribble',
        points_xy: [
          [10, 20],
          [30, 50],
        ],
        label: 0,
      },
    ],
  ] as const)('draws a %s from Enter to Enter', (tool, expected) => {
    host.current = tool;
    gestures.enter({ x: 10, y: 20 }, true);
    gestures.follow({ x: 30, y: 50 });
    expect(host.sketch).toMatchObject({ item: { kind: tool } });
    gestures.move(at(70, 70));
    gestures.enter({ x: 30, y: 50 }, false);
    expect(host.given).toEqual([expected]);
    expect(host.sketch).toBeNull();
  });

  it('sets corners of a polygon, and closes it by a second Enter in the same place', () => {
    host.current = 'polygon';
    for (const [x, y] of [
      [10, 10],
      [50, 10],
      [50, 40],
      [50, 40],
    ] as const) {
      gestures.follow({ x, y });
      gestures.enter({ x, y }, false);
    }
    expect(host.given).toMatchObject([{ kind: 'polygon', points_xy: { length: 3 } }]);
  });

  it('drops a shape by Escape', () => {
    host.current = 'box';
    gestures.enter({ x: 10, y: 20 }, false);
    gestures.cancel();
    gestures.follow({ x: 30, y: 50 });
    expect(host.sketch).toBeNull();
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
    expect(host.sketch).toMatchObject({ kind: 'corners', cursor: { x: 20, y: 50 } });
    gestures.removeLastCorner();
    expect(host.sketch).toMatchObject({ points: [{ x: 10 }, { x: 50 }] });
    gestures.closePolygon();
    expect(host.given).toEqual([]);
    gestures.cancel();
    expect(host.sketch).toBeNull();
  });
});
