/** The keys that the user has, and how they are named. How they are changed is in `keyChoices.ts`. */
import { IS_APPLE } from '../parts/platform';
import type { Store } from '../state/store';
import type { Tools } from '../state/tools';
import { readChord, type ChordText } from './keys';
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
