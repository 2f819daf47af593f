/** All keys of the page, as one table: what each does, and its usual keys. What it runs is in `shortcuts.ts`. */
import { placedTools, type Tools } from '../state/tools';
import type { ChordText } from './keys';

/** As they are listed. */
export const KEY_GROUPS = ['Tools', 'Classes', 'Objects', 'Photos', 'View', 'Page'] as const;

export interface KeyRow {
  readonly group: (typeof KEY_GROUPS)[number];
  /** What it does. */
  readonly does: string;
  readonly keys: readonly ChordText[];
  /** Whether it stays as it is, since browsers and dialogs use it in the same way. */
  readonly isFixed?: boolean;
}

/** A row with its name. */
export interface NamedRow extends KeyRow {
  readonly id: string;
}

export const COMMANDS = {
  accept: {
    group: 'Objects',
    does: 'Accept the object: the next prompt begins another; while you draw, close the polygon',
    keys: ['enter'],
  },
  'accept-at-once': {
    group: 'Objects',
    does: 'Accept every box, polygon and text that begins an object at once; again: do not',
    keys: ['a'],
  },
  'new-object': { group: 'Objects', does: 'New object', keys: ['n'] },
  undo: { group: 'Objects', does: 'Undo; while you draw, the last corner', keys: ['ctrl+z'] },
  redo: { group: 'Objects', does: 'Redo', keys: ['ctrl+shift+z', 'ctrl+y'] },
  'last-prompt': {
    group: 'Objects',
    does: 'Take the last prompt of the object back; while you draw, the last corner',
    keys: ['backspace'],
  },
  'another-mask': {
    group: 'Objects',
    does: 'Another mask for the last click: a part, or what is around it',
    keys: ['g', '`'],
  },
  delete: { group: 'Objects', does: 'Delete the selected object', keys: ['delete'] },
  'next-object': { group: 'Objects', does: 'Object after the selected one', keys: ['pagedown'] },
  'previous-object': { group: 'Objects', does: 'Object before the selected one', keys: ['pageup'] },
  'tab-on': {
    group: 'Objects',
    does: 'On the canvas: the object after the selected one; after the last, the next control',
    keys: ['tab'],
    isFixed: true,
  },
  'tab-back': {
    group: 'Objects',
    does: 'On the canvas: the object before the selected one; before the first, the control before',
    keys: ['shift+tab'],
    isFixed: true,
  },
  hide: { group: 'Objects', does: 'Hide the selected object', keys: ['h'] },
  'show-all': { group: 'Objects', does: 'Show all objects again', keys: ['shift+h'] },
  duplicate: { group: 'Objects', does: 'Duplicate the selected object', keys: ['ctrl+d'] },
  merge: { group: 'Objects', does: 'Merge the selected object with the one before it', keys: ['m'] },
  lock: { group: 'Objects', does: 'Lock the selected object, or unlock it', keys: ['shift+l'] },
  group: { group: 'Objects', does: 'Group the selected object with the one before it', keys: ['ctrl+g'] },
  ungroup: { group: 'Objects', does: 'Take the selected object out of its group', keys: ['ctrl+shift+g'] },
  'fill-holes': { group: 'Objects', does: 'Fill the holes of the mask', keys: ['shift+f'] },
  'remove-specks': { group: 'Objects', does: 'Take small parts out of the mask', keys: ['shift+r'] },
  smooth: { group: 'Objects', does: 'Smooth the border of the mask', keys: ['shift+s'] },
  copy: { group: 'Objects', does: 'Copy the prompts of the selected object', keys: ['ctrl+c'] },
  paste: { group: 'Objects', does: 'Give them again, on this or another photo', keys: ['ctrl+v'] },
  'next-photo': { group: 'Photos', does: 'Photo after', keys: ['.', 'arrowright'] },
  'previous-photo': { group: 'Photos', does: 'Photo before', keys: [',', 'arrowleft'] },
  finish: {
    group: 'Photos',
    does: 'The photo is done; go on with the next that is to do',
    keys: ['ctrl+enter'],
  },
  'smaller-brush': { group: 'Tools', does: 'Smaller brush', keys: ['['] },
  'larger-brush': { group: 'Tools', does: 'Larger brush', keys: [']'] },
  cancel: { group: 'Tools', does: 'Cancel drawing', keys: ['escape'], isFixed: true },
  'sharpen-here': {
    group: 'View',
    does: 'See the part in sight in full detail: the selected object and those you begin there; again: the whole photo',
    keys: ['z'],
  },
  'zoom-in': { group: 'View', does: 'Zoom in', keys: ['+'] },
  'zoom-out': { group: 'View', does: 'Zoom out', keys: ['-'] },
  fit: { group: 'View', does: 'Fit the image', keys: ['0', 'ctrl+0'] },
  'actual-size': { group: 'View', does: 'A pixel of the photo for each of the screen', keys: ['ctrl+1'] },
  look: { group: 'View', does: 'Masks filled, as outlines, cut out: the next of these', keys: ['o'] },
  peek: { group: 'View', does: 'Hide all masks while the key is held', keys: ['q'] },
  help: { group: 'Page', does: 'Keys', keys: ['?', 'f1'] },
} as const satisfies Readonly<Record<string, KeyRow>>;

export type Command = keyof typeof COMMANDS;

/** Classes that have keys: the first of the list. */
export const CLASS_KEYS = 9;

export const classKey = (place: number): string => `class-${place + 1}`;
export const toolKey = (tool: string): string => `tool-${tool}`;

/** A digit a class, as the list of classes shows them. */
const CLASSES: readonly NamedRow[] = Array.from({ length: CLASS_KEYS }, (_, place) => ({
  id: classKey(place),
  group: 'Classes',
  does: `Class ${place + 1} for the selected object, and those that come`,
  keys: [`${place + 1}`],
}));

/** All rows of a page with these tools, with their usual keys. */
export const keyRows = (tools: Tools): readonly NamedRow[] => [
  ...placedTools(tools).map(({ tool, name, key }): NamedRow => ({
    ...{ id: toolKey(tool), group: 'Tools', does: `${name} tool` },
    keys: key === null ? [] : [key],
  })),
  ...CLASSES,
  ...Object.entries<KeyRow>(COMMANDS).map(([id, row]) => ({ id, ...row })),
];
