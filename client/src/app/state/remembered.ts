/** Choices of the user that the browser remembers through reloads. */
import { effect, signal, type Signal } from '@preact/signals';

/** How a choice is written. */
interface Form<Value> {
  /** Null: it says nothing that can be chosen. */
  readonly read: (stored: string) => Value | null;
  readonly write: (value: Value) => string;
}

/** A choice that is `usual` until the user makes another. */
export function remembered<Value>(name: string, usual: Value, { read, write }: Form<Value>): Signal<Value> {
  const key = `splitseem-${name}`;
  const storage = storageOf();
  const stored = storage?.getItem(key) ?? null;
  const chosen = signal((stored === null ? null : read(stored)) ?? usual);
  const usually = write(usual);
  effect(() => {
    const value = write(chosen.value);
    try {
      if (value === usually) storage?.removeItem(key);
      else storage?.setItem(key, value);
    } catch {
      // A full storage: the choice holds until the page is left.
    }
  });
  return chosen;
}

export const rememberedSwitch = (name: string, usual: boolean): Signal<boolean> =>
  remembered(name, usual, {
    read: (stored) => stored === 'on',
    write: (isOn) => (isOn ? 'on' : 'off'),
  });

/** A number between two others. */
export const rememberedNumber = (
  name: string,
  usual: number,
  [least, most]: readonly [number, number],
): Signal<number> =>
  remembered(name, usual, {
    read: (stored) => {
      const value = Number(stored);
      return stored.trim() !== '' && value >= least && value <= most ? value : null;
    },
    write: String,
  });

/** One of some words. */
export const rememberedWord = <Word extends string>(
  name: string,
  usual: Word,
  words: readonly Word[],
): Signal<Word> =>
  remembered(name, usual, {
    read: (stored) => words.find((word) => word === stored) ?? null,
    write: (word) => word,
  });

/** Lists of words, each by its name. */
export const rememberedLists = (name: string): Signal<Readonly<Record<string, readonly string[]>>> =>
  remembered<Readonly<Record<string, readonly string[]>>>(
    name,
    {},
    { read: readLists, write: JSON.stringify },
  );

function readLists(stored: string): Readonly<Record<string, readonly string[]>> | null {
  try {
    const value: unknown = JSON.parse(stored);
    if (typeof value !== 'object' || value === null) return null;
    return Object.fromEntries(Object.entries(value).filter(([, list]) => isListOfWords(list)));
  } catch {
    return null;
  }
}

const isListOfWords = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((word) => typeof word === 'string' && word !== '');

/** Absent where the browser keeps nothing. */
function storageOf(): Storage | null {
  try {
    return (globalThis as { readonly localStorage?: Storage }).localStorage ?? null;
  } catch {
    return null;
  }
}
