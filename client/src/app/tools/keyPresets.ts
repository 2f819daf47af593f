/** Keys that people know from other programs: what differs from the usual keys of the page. */
import type { ChordText } from './keys';

/** Keys by the names of rows. */
export type KeyChoices = Readonly<Record<string, readonly ChordText[]>>;

const digits = (before: string): KeyChoices =>
  Object.fromEntries(
    Array.from({ length: 9 }, (_, place) => [`class-${place + 1}`, [`${before}${place + 1}`]]),
  );

export const KEY_PRESETS = {
  splitseem: {},
  CVAT: {
    ...digits('ctrl+'),
    accept: ['n', 'enter'],
    'new-object': ['shift+n'],
    'next-photo': ['f'],
    'previous-photo': ['d'],
    finish: ['ctrl+s'],
    'next-object': ['pagedown'],
    'show-all': ['shift+h'],
    duplicate: ['ctrl+b'],
    'actual-size': ['1'],
    'last-prompt': ['backspace'],
  },
  LabelMe: {
    accept: ['f', 'enter'],
    'next-photo': ['d'],
    'previous-photo': ['a'],
    'accept-at-once': ['shift+a'],
    finish: ['ctrl+s'],
    'tool-polygon': ['p'],
    'tool-box': ['r'],
    'tool-paint': ['b'],
    'tool-scribble': ['i'],
    'tool-click': ['q'],
    hide: ['s'],
    'show-all': ['w'],
    peek: ['t'],
    'tool-text': ['y'],
    merge: ['ctrl+shift+m'],
    fit: ['ctrl+f', '0'],
    'actual-size': ['ctrl+0'],
  },
} as const satisfies Readonly<Record<string, KeyChoices>>;

export type KeyPreset = keyof typeof KEY_PRESETS;

export const PRESET_NAMES = Object.keys(KEY_PRESETS) as readonly KeyPreset[];

/** The preset that the choices are; null: they are the user's own. */
export const presetOf = (choices: KeyChoices): KeyPreset | null =>
  PRESET_NAMES.find((name) => isSame(KEY_PRESETS[name], choices)) ?? null;

function isSame(a: KeyChoices, b: KeyChoices): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name]?.join(' ') === b[name]?.join(' '));
}
