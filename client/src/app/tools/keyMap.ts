/** The keys that the user has, and how they are changed and named. */
import { IS_APPLE } from '../parts/platform';
import type { Store } from '../state/store';
import type { Tools } from '../state/tools';
import { readChord, type ChordText } from './keys';
import { KEY_PRESETS, type KeyChoices, type KeyPreset } from './keyPresets';
import { keyRows, type NamedRow } from './keyTable';

/** What has keys: the page, or what a test has of it. */
export interface Keyed {
  readonly store: Pick<Store, 'keyChoices'>;
  readonly tools: Tools;
}

/** Whether the user has chosen the keys of a row. */
export const isChosen = ({ store }: Pick<Keyed, 'store'>, id: string): boolean =>
  store.keyChoices.value[id] !== undefined;

/** All rows with the keys that they have. */
export const keyRowsOf = ({ store, tools }: Keyed): readonly NamedRow[] =>
  keyRows(tools).map((row) => ({ ...row, keys: store.keyChoices.value[row.id] ?? row.keys }));

export const keysOf = (keyed: Keyed, id: string): readonly ChordText[] =>
  keyRowsOf(keyed).find((row) => row.id === id)?.keys ?? [];

/** The rows by whose keys the others are meant too, by the names of rows. */
export function conflictsOf(rows: readonly NamedRow[]): ReadonlyMap<string, readonly NamedRow[]> {
  const conflicts = rows.map(({ id, keys }) => {
    const others = rows.filter((other) => other.id !== id && other.keys.some((key) => keys.includes(key)));
    return [id, others] as const;
  });
  return new Map(conflicts.filter(([, others]) => others.length > 0));
}

const without = (choices: KeyChoices, id: string): KeyChoices =>
  Object.fromEntries(Object.entries(choices).filter(([name]) => name !== id));

/** Give a row these keys; its usual ones are no choice. */
export function chooseKeys({ store, tools }: Keyed, id: string, keys: readonly ChordText[]): void {
  const others = without(store.keyChoices.value, id);
  const usual = keyRows(tools).find((row) => row.id === id)?.keys ?? [];
  store.keyChoices.value = usual.join(' ') === keys.join(' ') ? others : { ...others, [id]: keys };
}

/** Give a row a key, and take it from all others. */
export function takeKey(keyed: Keyed, id: string, key: ChordText): void {
  for (const row of keyRowsOf(keyed)) {
    if (row.id === id || !row.keys.includes(key)) continue;
    chooseKeys(
      keyed,
      row.id,
      row.keys.filter((other) => other !== key),
    );
  }
  chooseKeys(keyed, id, [key]);
}

export function resetKeys({ store }: Pick<Keyed, 'store'>, id: string): void {
  store.keyChoices.value = without(store.keyChoices.value, id);
}

export function usePreset({ store }: Pick<Keyed, 'store'>, preset: KeyPreset): void {
  const choices: KeyChoices = KEY_PRESETS[preset];
  store.keyChoices.value = choices;
}

/** For people. */
const NAMES: Readonly<Record<string, string>> = {
  ...{ ',': 'Comma', '.': 'Full stop', pagedown: 'Page Down', pageup: 'Page Up', escape: 'Esc' },
  ...{ arrowleft: 'Left arrow', arrowright: 'Right arrow', arrowup: 'Up arrow', arrowdown: 'Down arrow' },
};

const capital = (key: string): string => key.slice(0, 1).toUpperCase() + key.slice(1);

/** "Ctrl+Shift+Z" */
export function keyText(text: ChordText): string {
  const { key, control, shift } = readChord(text);
  const held = [...(control ? [IS_APPLE ? 'Cmd' : 'Ctrl'] : []), ...(shift ? ['Shift'] : [])];
  return [...held, NAMES[key] ?? capital(key)].join('+');
}

/** "Ctrl+Shift+Z, Ctrl+Y"; empty: no key does it. */
export const keyTexts = (keyed: Keyed, id: string): string => keysOf(keyed, id).map(keyText).join(', ');

/** "Ctrl+V", or what to press instead where no key does it. */
export const keyOr = (keyed: Keyed, id: string, otherwise: string): string =>
  keyTexts(keyed, id) || otherwise;

/** Names of keys in `aria-keyshortcuts`, which are parted by blanks and plus signs. */
const ARIA_NAMES: Readonly<Record<string, string>> = {
  ...{ '+': 'Plus', pagedown: 'PageDown', pageup: 'PageUp' },
  ...{ arrowleft: 'ArrowLeft', arrowright: 'ArrowRight', arrowup: 'ArrowUp', arrowdown: 'ArrowDown' },
};

function ariaText(text: ChordText): string {
  const { key, control, shift } = readChord(text);
  const held = [...(control ? [IS_APPLE ? 'Meta' : 'Control'] : []), ...(shift ? ['Shift'] : [])];
  return [...held, ARIA_NAMES[key] ?? capital(key)].join('+');
}

export interface Titles {
  readonly title: string;
  readonly 'aria-keyshortcuts'?: string;
}

/** What is said of a button that has keys: "Zoom in (+)". */
export function titles(keyed: Keyed, id: string, title: string): Titles {
  const keys = keysOf(keyed, id);
  if (keys.length === 0) return { title };
  return {
    title: `${title} (${keyTexts(keyed, id)})`,
    'aria-keyshortcuts': keys.map(ariaText).join(' '),
  };
}
