/**
 * Which key was pressed, on every keyboard.
 *
 * What a key types comes first: on Dvorak or QWERTZ the letter counts, not its place. A keyboard of another script
 * (Russian, Arabic, Greek) types no Latin letters, and AZERTY types digits only with Shift: there the place counts.
 */

/** What is read of a KeyboardEvent. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly isComposing: boolean;
}

export interface Chord {
  /** Values of `KeyboardEvent.key`, letters in lower case. */
  readonly keys: readonly string[];
  /** With Ctrl, or Cmd on a Mac. */
  readonly control?: boolean;
  /** Whether Shift is held; where it is not said, either will do. */
  readonly shift?: boolean;
}

/** Whether the press is the chord by what the key types. */
export function matchesKey(chord: Chord, press: KeyPress): boolean {
  return hasModifiers(chord, press) && chord.keys.includes(press.key.toLowerCase());
}

/** Whether the press is the chord by the place of the key, because it types nothing that could be meant. */
export function matchesPlace(chord: Chord, press: KeyPress): boolean {
  return hasModifiers(chord, press) && chord.keys.some((key) => isAtPlaceOf(key, press));
}

function hasModifiers({ control = false, shift }: Chord, press: KeyPress): boolean {
  if (press.isComposing || press.altKey || (press.ctrlKey || press.metaKey) !== control) return false;
  return shift === undefined || press.shiftKey === shift;
}

const OTHER_SCRIPT = /^[\u0080-\u{10ffff}]$/u;
const LATIN = /^\p{Script=Latin}$/u;

function isAtPlaceOf(key: string, { key: typed, code, shiftKey }: KeyPress): boolean {
  if (/^[a-z]$/.test(key))
    return code === `Key${key.toUpperCase()}` && OTHER_SCRIPT.test(typed) && !LATIN.test(typed);
  if (/^\d$/.test(key)) return code === `Digit${key}` && !shiftKey && !/^\d$/.test(typed);
  return OTHER_SCRIPT.test(typed) && PLACES[key] === code && !shiftKey;
}

/** Where other keys are on most keyboards. */
const PLACES: Readonly<Record<string, string>> = {
  ...{ '=': 'Equal', '-': 'Minus', ',': 'Comma', '.': 'Period' },
  ...{ '[': 'BracketLeft', ']': 'BracketRight' },
};

/** The first entry that was pressed: by what the key types, else by its place. */
export const findPressed = <Entry extends { readonly chords: readonly Chord[] }>(
  entries: readonly Entry[],
  press: KeyPress,
): Entry | undefined =>
  entries.find(({ chords }) => chords.some((chord) => matchesKey(chord, press))) ??
  entries.find(({ chords }) => chords.some((chord) => matchesPlace(chord, press)));
