/** How the keys of the user are changed. Only the dialog of keys needs it. */
import { keyRowsOf, type Keyed } from './keyMap';
import { KEY_PRESETS, type KeyChoices, type KeyPreset } from './keyPresets';
import type { ChordText } from './keys';
import { keyRows, type NamedRow } from './keyTable';

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
