/** Keys of the page, as one table: what the help dialog lists is what works. */
import type { App } from '../app';
import { findPressed, type Chord } from './keys';
import { CLASS_DIGITS, chooseClassAt } from './labelling';
import {
  copySelected,
  duplicateSelected,
  hideSelected,
  isObjectNewest,
  mergeSelected,
  pasteCopied,
  selectNext,
  showHidden,
} from './objectActions';
import { finishShown, showNeighbour } from './photoActions';
import { stepBrush } from '../state/brush';
import { placedTools, type PlacedTool, type Tools } from '../state/tools';

export interface Shortcut {
  /** For people; null: the row before says it. */
  readonly keys: string | null;
  readonly does: string;
  readonly chords: readonly Chord[];
  /** When the key is the page's; else the browser does what it always does. */
  readonly isFree?: (app: App) => boolean;
  readonly run: (app: App) => void;
}

const key = (...keys: readonly string[]): readonly Chord[] => [{ keys }];

const withControl = (letter: string, shift: boolean): Chord => ({ keys: [letter], control: true, shift });

function choose({ tool, name, key: letter }: PlacedTool): readonly Shortcut[] {
  if (letter === null) return [];
  const run = (app: App): void => app.chooseTool(tool);
  return [{ keys: letter.toUpperCase(), does: `${name} tool`, chords: key(letter), run }];
}

/** All keys of a page with these tools. */
export const shortcutsFor = (tools: Tools): readonly Shortcut[] => [
  ...placedTools(tools).flatMap(choose),
  ...LABELS,
  ...COMMANDS,
];

/** A digit a class, as the list of classes shows them. */
const LABELS: readonly Shortcut[] = CLASS_DIGITS.map((digit, place) => ({
  keys: place === 0 ? '1 to 9' : null,
  does: 'Label: the selected object, and those that come, are of that class',
  chords: key(digit),
  run: (app) => chooseClassAt(app, place),
}));

/** Buttons are pressed by Enter, and arrows move within lists. */
const isUnfocused = (): boolean => document.activeElement === document.body;

const COMMANDS: readonly Shortcut[] = [
  {
    keys: 'N',
    does: 'New object',
    chords: key('n'),
    run: ({ controller }) => controller.newObject(),
  },
  {
    keys: 'Ctrl+Z',
    does: 'Undo; while you draw, the last corner',
    chords: [withControl('z', false)],
    run: (app) => app.undo(),
  },
  {
    keys: 'Ctrl+Shift+Z, Ctrl+Y',
    does: 'Redo',
    chords: [withControl('z', true), withControl('y', false)],
    run: (app) => app.redo(),
  },
  {
    keys: 'PageDown, PageUp',
    does: 'Object after, before the selected one',
    chords: key('pagedown'),
    run: (app) => selectNext(app, 1),
  },
  {
    keys: null,
    does: 'Object after, before the selected one',
    chords: key('pageup'),
    run: (app) => selectNext(app, -1),
  },
  {
    keys: 'H',
    does: 'Hide the selected object',
    chords: [{ keys: ['h'], shift: false }],
    run: hideSelected,
  },
  {
    keys: 'Shift+H',
    does: 'Show all objects again',
    chords: [{ keys: ['h'], shift: true }],
    run: showHidden,
  },
  {
    keys: 'Ctrl+D',
    does: 'Duplicate the selected object',
    chords: [withControl('d', false)],
    run: duplicateSelected,
  },
  {
    keys: 'M',
    does: 'Merge the selected object with the one before it',
    chords: key('m'),
    run: mergeSelected,
  },
  {
    keys: 'Ctrl+C',
    does: 'Copy the prompts of the selected object',
    chords: [withControl('c', false)],
    isFree: () => document.getSelection()?.isCollapsed !== false,
    run: copySelected,
  },
  {
    keys: 'Ctrl+V',
    does: 'Give them again, on this or another photo',
    chords: [withControl('v', false)],
    isFree: isObjectNewest,
    run: pasteCopied,
  },
  {
    keys: 'Delete',
    does: 'Delete the selected object',
    chords: key('delete'),
    run: ({ controller }) => controller.deleteActiveObject(),
  },
  {
    keys: 'Esc',
    does: 'Cancel drawing',
    chords: key('escape'),
    run: ({ gestures }) => gestures.cancel(),
  },
  {
    keys: 'Enter',
    does: 'Accept the object: the next prompt begins another; while you draw, close the polygon',
    chords: key('enter'),
    isFree: isUnfocused,
    run: (app) => app.accept(),
  },
  {
    keys: 'Backspace',
    does: 'Take the last prompt of the object back; while you draw, the last corner',
    chords: key('backspace'),
    run: ({ gestures, controller }) => {
      if (gestures.hasCorners) gestures.removeLastCorner();
      else controller.removeLastPrompt();
    },
  },
  {
    keys: ', (comma), . (full stop)',
    does: 'Photo before, after',
    chords: key(','),
    run: (app) => showNeighbour(app, -1),
  },
  {
    keys: null,
    does: 'Photo before, after',
    chords: key('.'),
    run: (app) => showNeighbour(app, 1),
  },
  {
    keys: 'Ctrl+Enter',
    does: 'The photo is done; go on with the next that is to do',
    chords: [{ keys: ['enter'], control: true }],
    run: finishShown,
  },
  {
    keys: 'Left, Right arrow',
    does: 'Photo before, after, while nothing has the focus',
    chords: key('arrowleft'),
    isFree: isUnfocused,
    run: (app) => showNeighbour(app, -1),
  },
  {
    keys: null,
    does: 'Photo before, after, while nothing has the focus',
    chords: key('arrowright'),
    isFree: isUnfocused,
    run: (app) => showNeighbour(app, 1),
  },
  {
    keys: '[',
    does: 'Smaller brush',
    chords: key('['),
    run: ({ store }) => stepBrush(store, -1),
  },
  {
    keys: ']',
    does: 'Larger brush',
    chords: key(']'),
    run: ({ store }) => stepBrush(store, 1),
  },
  {
    keys: '+',
    does: 'Zoom in',
    chords: key('+', '='),
    run: ({ view }) => view.zoomIn(),
  },
  {
    keys: '-',
    does: 'Zoom out',
    chords: key('-', '_'),
    run: ({ view }) => view.zoomOut(),
  },
  {
    keys: '0',
    does: 'Fit the image',
    chords: key('0'),
    run: ({ view }) => view.fit(),
  },
  {
    keys: '?, F1',
    does: 'This help',
    chords: key('?', '؟', 'f1'),
    run: ({ store }) => {
      store.helpOpen.value = true;
    },
  },
];

/** What the mouse, fingers and the focused canvas do, for the help dialog. */
export const GESTURE_HELP: readonly (readonly [string, string])[] = [
  ['Click or tap', 'This belongs to the object'],
  ['Right click, Shift, Alt or (Mac) Ctrl+click, long press', 'This does not'],
  [
    'Box, scribble or polygon by the right button, with Shift or after a long press',
    'Nothing in it belongs to the object',
  ],
  ['Wheel, pinch', 'Zoom'],
  ['Space+drag, middle button, two fingers', 'Move the image'],
  ['Drag with the Click tool', 'Move the image'],
  ['Double click, Enter', 'Close the polygon'],
  ['Enter in the text field', 'Add the words to the selected object'],
  ['Arrow keys on the canvas', 'Move the crosshair (with Shift: finely)'],
  ['Enter, Shift+Enter on the canvas', 'Positive, negative click at the crosshair'],
  ['The same with Box, Scribble, Paint and Erase', 'Begin there; Enter again ends it'],
  ['The same with Polygon', 'Corner there; Enter again there closes it'],
  ['Enter in the label of an object', 'Take the label and go back to the canvas'],
];

const TYPED_INTO = 'input:not([type=radio], [type=range], [type=checkbox]), textarea, select';

/** Whether keys and pasted text go into a field. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches(TYPED_INTO);

/** Run the shortcut of a key, unless the user is typing or a dialog is open. */
export function handleKey(event: KeyboardEvent, app: App): void {
  if (isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
  const shortcut = findPressed(shortcutsFor(app.tools), event);
  if (shortcut === undefined || shortcut.isFree?.(app) === false) return;
  event.preventDefault();
  shortcut.run(app);
}
