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

/**
 * Keys that are pressed together, as they are kept: `n`, `shift+h`, `ctrl+shift+z`, `pagedown`, `?`.
 *
 * The last part is a value of `KeyboardEvent.key` in lower case, `ctrl` means Cmd on a Mac too, and signs and digits
 * are without `shift`: it depends on the keyboard.
 */
export type ChordText = string;

export interface Chord {
  readonly key: string;
  readonly control: boolean;
  readonly shift: boolean;
}

export function readChord(text: ChordText): Chord {
  const [, control, shift, key = ''] = /^(ctrl\+)?(shift\+)?(.+)$/su.exec(text) ?? [];
  return { key, control: control !== undefined, shift: shift !== undefined };
}

/** Keys with Shift that are only sometimes without it: they mean the same. */
const SAME: Readonly<Record<string, string>> = { '=': '+', _: '-', '؟': '?' };

const typedBy = ({ key }: KeyPress): string => SAME[key] ?? key.toLowerCase();

const LETTER = /^\p{Letter}$/u;

/** Whether it depends on the keyboard if Shift is held. */
const isSign = (key: string): boolean => /^.$/su.test(key) && !LETTER.test(key);

type Rule = (chord: Chord, press: KeyPress) => boolean;

const isTyped: Rule = ({ key }, press) => key === typedBy(press);
const isAtPlace: Rule = ({ key }, press) => isAtPlaceOf(key, press);
const hasShift: Rule = ({ key, shift }, { shiftKey }) => isSign(key) || shift === shiftKey;
/** Shift makes no difference where no other row has the key with Shift; the browser has keys with Ctrl and Shift. */
const mayHaveShift: Rule = ({ control, shift }) => !control && !shift;

const RULES: readonly (readonly [Rule, Rule])[] = [
  [isTyped, hasShift],
  [isTyped, mayHaveShift],
  [isAtPlace, hasShift],
  [isAtPlace, mayHaveShift],
];

/** The first entry that was pressed: by what the key types, else by its place. */
export function findPressed<Entry extends { readonly keys: readonly ChordText[] }>(
  entries: readonly Entry[],
  press: KeyPress,
): Entry | undefined {
  if (press.isComposing || press.altKey) return undefined;
  const control = press.ctrlKey || press.metaKey;
  for (const [isKey, isShift] of RULES) {
    const found = entries.find(({ keys }) =>
      keys
        .map(readChord)
        .some((chord) => chord.control === control && isKey(chord, press) && isShift(chord, press)),
    );
    if (found !== undefined) return found;
  }
  return undefined;
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
  ...{ '+': 'Equal', '-': 'Minus', ',': 'Comma', '.': 'Period' },
  ...{ '[': 'BracketLeft', ']': 'BracketRight' },
};

const MODIFIERS: readonly string[] = ['shift', 'control', 'alt', 'meta', 'altgraph', 'capslock', 'fn'];

/** Why a press cannot be a key of the page. */
export type Refusal = 'alt' | 'browser' | 'reserved';

/** A press as it is kept; null while only keys like Shift are down. */
export function chordOf(
  press: KeyPress,
): { readonly keys: ChordText } | { readonly refusal: Refusal } | null {
  const typed = typedBy(press);
  if (MODIFIERS.includes(typed) || press.isComposing) return null;
  if (press.altKey) return { refusal: 'alt' };
  const key = keyOf(press);
  const shift = press.shiftKey && !isSign(key) ? 'shift+' : '';
  const keys = `${press.ctrlKey || press.metaKey ? 'ctrl+' : ''}${shift}${key}`;
  if (RESERVED.includes(key)) return { refusal: 'reserved' };
  return BROWSERS.test(keys) ? { refusal: 'browser' } : { keys };
}

/** They move the photo and the focus, cancel, or say nothing. */
const RESERVED: readonly string[] = [' ', 'tab', 'escape', 'dead', 'process', 'unidentified', 'contextmenu'];

/** What browsers give to no page, or what nobody would want to lose. */
const BROWSERS = /^ctrl\+(shift\+)?[ntwqr]$|^f(5|11|12)$/;

function keyOf(press: KeyPress): string {
  const typed = typedBy(press);
  const letter = /^Key([A-Z])$/.exec(press.code)?.[1]?.toLowerCase();
  if (letter !== undefined && isAtPlaceOf(letter, press)) return letter;
  const digit = /^Digit(\d)$/.exec(press.code)?.[1];
  if (digit !== undefined && PLACES[typed] === undefined && isAtPlaceOf(digit, press)) return digit;
  return Object.keys(PLACES).find((key) => isAtPlaceOf(key, press)) ?? typed;
}
