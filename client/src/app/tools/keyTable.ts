/**
 * All keys of the page, as one table, with their usual keys. What they run is in `shortcuts.ts`, what they are said to do
 * in `wording/later.ts`.
 */
import { placedTools, type Tools } from '../state/tools';
import type { ChordText } from './keys';

/** As they are listed. */
export const KEY_GROUPS = ['Tools', 'Classes', 'Objects', 'Photos', 'View', 'Page'] as const;

export interface KeyRow {
  readonly group: (typeof KEY_GROUPS)[number];
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
    keys: ['enter'],
  },
  'accept-at-once': {
    group: 'Objects',
    keys: ['a'],
  },
  'new-object': { group: 'Objects', keys: ['n'] },
  undo: { group: 'Objects', keys: ['ctrl+z'] },
  redo: { group: 'Objects', keys: ['ctrl+shift+z', 'ctrl+y'] },
  'last-prompt': {
    group: 'Objects',
    keys: ['backspace'],
  },
  'another-mask': {
    group: 'Objects',
    keys: ['g', '`'],
  },
  delete: { group: 'Objects', keys: ['delete'] },
  'next-object': { group: 'Objects', keys: ['pagedown'] },
  'previous-object': { group: 'Objects', keys: ['pageup'] },
  'tab-on': {
    group: 'Objects',
    keys: ['tab'],
    isFixed: true,
  },
  'tab-back': {
    group: 'Objects',
    keys: ['shift+tab'],
    isFixed: true,
  },
  hide: { group: 'Objects', keys: ['h'] },
  'show-all': { group: 'Objects', keys: ['shift+h'] },
  duplicate: { group: 'Objects', keys: ['ctrl+d'] },
  merge: { group: 'Objects', keys: ['m'] },
  lock: { group: 'Objects', keys: ['shift+l'] },
  group: { group: 'Objects', keys: ['ctrl+g'] },
  ungroup: { group: 'Objects', keys: ['ctrl+shift+g'] },
  follow: { group: 'Objects', keys: ['shift+t'] },
  'fill-holes': { group: 'Objects', keys: ['shift+f'] },
  'remove-specks': { group: 'Objects', keys: ['shift+r'] },
  smooth: { group: 'Objects', keys: ['shift+s'] },
  copy: { group: 'Objects', keys: ['ctrl+c'] },
  paste: { group: 'Objects', keys: ['ctrl+v'] },
  'next-photo': { group: 'Photos', keys: ['.', 'arrowright'] },
  'previous-photo': { group: 'Photos', keys: [',', 'arrowleft'] },
  finish: {
    group: 'Photos',
    keys: ['ctrl+enter'],
  },
  'smaller-brush': { group: 'Tools', keys: ['['] },
  'larger-brush': { group: 'Tools', keys: [']'] },
  cancel: { group: 'Tools', keys: ['escape'], isFixed: true },
  'sharpen-here': {
    group: 'View',
    keys: ['z'],
  },
  'zoom-in': { group: 'View', keys: ['+'] },
  'zoom-out': { group: 'View', keys: ['-'] },
  fit: { group: 'View', keys: ['0', 'ctrl+0'] },
  'actual-size': { group: 'View', keys: ['ctrl+1'] },
  look: { group: 'View', keys: ['o'] },
  peek: { group: 'View', keys: ['q'] },
  help: { group: 'Page', keys: ['?', 'f1'] },
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
  keys: [`${place + 1}`],
}));

/** All rows of a page with these tools, with their usual keys. */
export const keyRows = (tools: Tools): readonly NamedRow[] => [
  ...placedTools(tools).map(({ tool, key }): NamedRow => ({
    ...{ id: toolKey(tool), group: 'Tools' },
    keys: key === null ? [] : [key],
  })),
  ...CLASSES,
  ...Object.entries<KeyRow>(COMMANDS).map(([id, row]) => ({ id, ...row })),
];
