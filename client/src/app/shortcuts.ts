/** Keys of the page, as one table: what the help dialog lists is what works. */
import type { App } from './app';
import type { Tool } from './store';

export interface Shortcut {
  /** For people. */
  readonly keys: string;
  readonly does: string;
  readonly matches: (event: KeyboardEvent) => boolean;
  readonly run: (app: App) => void;
}

const ZOOM_STEP = 1.25;

const plain = (event: KeyboardEvent): boolean => !event.ctrlKey && !event.metaKey && !event.altKey;

const key =
  (...names: readonly string[]) =>
  (event: KeyboardEvent): boolean =>
    plain(event) && names.includes(event.key);

const withControl =
  (name: string, shift: boolean) =>
  (event: KeyboardEvent): boolean =>
    (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === name && event.shiftKey === shift;

const choose = (digit: string, tool: Tool, name: string): Shortcut => ({
  keys: digit,
  does: `${name} tool`,
  matches: key(digit),
  run: (app) => {
    app.chooseTool(tool);
  },
});

export const SHORTCUTS: readonly Shortcut[] = [
  choose('1', 'click', 'Click'),
  choose('2', 'box', 'Box'),
  choose('3', 'scribble', 'Scribble'),
  choose('4', 'polygon', 'Polygon'),
  choose('5', 'text', 'Text'),
  {
    keys: 'N',
    does: 'New object',
    matches: key('n', 'N'),
    run: ({ controller }) => {
      controller.newObject();
    },
  },
  {
    keys: 'Ctrl+Z',
    does: 'Undo',
    matches: withControl('z', false),
    run: ({ controller }) => {
      controller.undo();
    },
  },
  {
    keys: 'Ctrl+Shift+Z, Ctrl+Y',
    does: 'Redo',
    matches: (event) => withControl('z', true)(event) || withControl('y', false)(event),
    run: ({ controller }) => {
      controller.redo();
    },
  },
  {
    keys: 'Delete',
    does: 'Delete the selected object',
    matches: key('Delete'),
    run: ({ controller }) => {
      controller.deleteActiveObject();
    },
  },
  {
    keys: 'Esc',
    does: 'Cancel drawing',
    matches: key('Escape'),
    run: ({ gestures }) => {
      gestures.cancel();
    },
  },
  {
    keys: 'Enter',
    does: 'Close the polygon',
    matches: (event) => key('Enter')(event) && document.activeElement === document.body,
    run: ({ gestures }) => {
      gestures.closePolygon();
    },
  },
  {
    keys: 'Backspace',
    does: 'Remove the last corner of the polygon',
    matches: key('Backspace'),
    run: ({ gestures }) => {
      gestures.removeLastVertex();
    },
  },
  {
    keys: '+',
    does: 'Zoom in',
    matches: key('+', '='),
    run: ({ view }) => {
      view.zoom(ZOOM_STEP);
    },
  },
  {
    keys: '-',
    does: 'Zoom out',
    matches: key('-', '_'),
    run: ({ view }) => {
      view.zoom(1 / ZOOM_STEP);
    },
  },
  {
    keys: '0',
    does: 'Fit the image',
    matches: key('0'),
    run: ({ view }) => {
      view.fit();
    },
  },
  {
    keys: '?',
    does: 'This help',
    matches: key('?'),
    run: ({ store }) => {
      store.helpOpen.value = true;
    },
  },
];

/** What the mouse, fingers and the focused canvas do, for the help dialog. */
export const GESTURE_HELP: readonly (readonly [string, string])[] = [
  ['Click or tap', 'This belongs to the object'],
  ['Right click, Shift+click, long press', 'This does not'],
  ['Wheel, pinch', 'Zoom'],
  ['Space+drag, middle button, two fingers', 'Move the image'],
  ['Drag with the Click tool', 'Move the image'],
  ['Double click, Enter', 'Close the polygon'],
  ['Enter in the text field', 'Add the words to the selected object'],
  ['Arrow keys on the canvas', 'Move the crosshair (with Shift: finely)'],
  ['Enter, Shift+Enter on the canvas', 'Positive, negative click at the crosshair'],
];

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input:not([type=radio]), textarea, select');

/** Run the shortcut of a key, unless the user is typing or a dialog is open. */
export function handleKey(event: KeyboardEvent, app: App): void {
  if (isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
  const shortcut = SHORTCUTS.find(({ matches }) => matches(event));
  if (shortcut === undefined) return;
  event.preventDefault();
  shortcut.run(app);
}
