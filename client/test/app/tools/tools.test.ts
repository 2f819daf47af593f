/** A tool is a row: what a made-up one adds to the page, from nothing but its row. */
import { meaningOf } from '../../../src/app/dialogs/keyMeanings';
import type { ComponentChildren, VNode } from 'preact';
import { beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../../src/app/app';
import { projectOf } from '../../../src/app/steps/projectOf';
import { TOOLS, type Tool, type ToolRow, type Tools } from '../../../src/app/state/tools';
import { ToolPicker } from '../../../src/app/tools/ToolPicker';
import { shortcutsOf } from '../../../src/app/tools/shortcuts';
import type { PointerInput } from '../../../src/canvas/pointer';
import { marksOf } from '../../../src/canvas/sketch';
import type { Shape } from '../../../src/canvas/toolGestures';
import { roundedPoint, toScreen } from '../../../src/canvas/viewport';
import type { PointXy } from '../../../src/shared/types';
import { photo, World } from '../world';

/** A triangle below a press, as wide as the pointer is drawn. */
const triangle = ({ x, y }: PointXy, side: number): Shape => ({
  item: {
    kind: 'polygon',
    points_xy: [
      [x, y],
      [x + side, y],
      [x, y + side],
    ],
  },
  isWhole: () => side > 0,
  to: (at) => triangle({ x, y }, Math.round(at.x - x)),
});

const TRIANGLE: ToolRow = {
  name: 'Triangle',
  key: 'g',
  icon: 'M4 4h16L4 20z',
  title: 'Drag a triangle',
  gesture: { kind: 'drag', begin: (at) => triangle(roundedPoint(at), 0) },
};
const TRIANGLE_NAME = 'triangle' as Tool;
const WITH_TRIANGLE: Tools = { ...TOOLS, [TRIANGLE_NAME]: TRIANGLE };

let app: App;

beforeEach(() => {
  app = createApp(new World().services, WITH_TRIANGLE);
  app.view.resize({ height: 480, width: 640 });
  app.controller.openPhoto(photo('large.png', { height: 240, width: 320 }));
});

type Props = Readonly<Record<string, unknown>>;

/** The elements of a drawn component, those of the components in it included. */
function elementsOf(node: ComponentChildren): readonly { readonly type: string; readonly props: Props }[] {
  if (Array.isArray(node)) return node.flatMap(elementsOf);
  if (typeof node !== 'object' || node === null || !('props' in node)) return [];
  const { type, props } = node as VNode<Props>;
  if (typeof type === 'function') {
    return elementsOf((type as (props: Props) => ComponentChildren)(props));
  }
  return [{ type, props }, ...elementsOf(props.children)];
}

const at = (x: number, y: number): PointerInput => ({
  ...{ id: 1, kind: 'mouse', button: 0, negative: false, isPrimary: true, panning: false },
  at: toScreen(app.store.viewport.value, { x, y }),
});

describe('a row of a tool', () => {
  it('is a choice of the picker, with its letter and picture', () => {
    const elements = elementsOf(ToolPicker({ app }));
    const inputs = elements.filter(({ type }) => type === 'input').map(({ props }) => props);
    expect(inputs.map((props) => props['aria-label'])).toEqual([
      ...['Select', 'Click', 'Box', 'Scribble', 'Polygon', 'Text', 'Example', 'Paint', 'Erase', 'Triangle'],
    ]);
    expect(inputs.at(-1)).toMatchObject({ 'aria-description': 'Drag a triangle (G)', disabled: false });
    expect(elements.some(({ props }) => props.d === TRIANGLE.icon)).toBe(true);
  });

  it('is chosen by its letter, and listed in the help', () => {
    const rows = shortcutsOf(app).filter(({ id }) => meaningOf(app.tools, id) === 'Triangle tool');
    expect(rows).toMatchObject([{ keys: ['g'], group: 'Tools' }]);
    rows[0]?.run(app);
    expect(app.store.tool.value).toBe('triangle');
  });

  it('draws a sketch and gives a prompt', () => {
    app.chooseTool(TRIANGLE_NAME);
    app.gestures.down(at(20, 30));
    app.gestures.move(at(60, 40));
    const sketch = app.store.sketch.value;
    expect(sketch && marksOf(sketch)).toMatchObject([{ shape: 'line', isClosed: true }]);
    app.gestures.up(at(60, 40));
    const [object] = projectOf(app.store).images[0]?.objects ?? [];
    expect(object?.prompts).toMatchObject([
      {
        kind: 'polygon',
        points_xy: [
          [20, 30],
          [60, 30],
          [20, 70],
        ],
      },
    ]);
  });
});
