import { describe, expect, it } from 'vitest';
import { findPressed, type KeyPress } from '../../../src/app/tools/keys';
import { TOOLS } from '../../../src/app/state/tools';
import { shortcutsFor } from '../../../src/app/tools/shortcuts';

const press = (key: string, code: string, held: Partial<KeyPress> = {}): KeyPress => ({
  ...{ key, code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false },
  ...held,
});

const CTRL = { ctrlKey: true };
const SHIFT = { shiftKey: true };
const SHORTCUTS = shortcutsFor(TOOLS);
const LABELS = SHORTCUTS.filter(({ does }) => does.startsWith('Label: '));
const does = (pressed: KeyPress): string | undefined => {
  const found = findPressed(SHORTCUTS, pressed);
  return found && LABELS.includes(found) ? `Class ${LABELS.indexOf(found) + 1}` : found?.does;
};

const UNDO = 'Undo; while you draw, the last corner';

describe('shortcuts', () => {
  it.each([
    ['US', press('n', 'KeyN'), 'New object'],
    ['US with Caps Lock', press('N', 'KeyN'), 'New object'],
    ['US', press('z', 'KeyZ', CTRL), UNDO],
    ['US with Caps Lock', press('Z', 'KeyZ', CTRL), UNDO],
    ['a Mac', press('z', 'KeyZ', { metaKey: true }), UNDO],
    ['US', press('Z', 'KeyZ', { ...CTRL, ...SHIFT }), 'Redo'],
    ['US', press('b', 'KeyB'), 'Box tool'],
    ['US', press('9', 'Digit9'), 'Class 9'],
    ['US', press('v', 'KeyV'), 'Select tool'],
    ['US', press('v', 'KeyV', CTRL), 'Give them again, on this or another photo'],
    ['US', press('h', 'KeyH'), 'Hide the selected object'],
    ['US', press('H', 'KeyH', SHIFT), 'Show all objects again'],
    ['US', press('PageDown', 'PageDown'), 'Object after, before the selected one'],
    ['Russian', press('в', 'KeyD', CTRL), 'Duplicate the selected object'],
    ['US', press('?', 'Slash', SHIFT), 'This help'],
    ['the number pad', press('2', 'Numpad2'), 'Class 2'],
    ['Russian', press('т', 'KeyN'), 'New object'],
    ['Russian', press('я', 'KeyZ', CTRL), UNDO],
    ['Russian', press('Я', 'KeyZ', { ...CTRL, ...SHIFT }), 'Redo'],
    ['Russian', press('н', 'KeyY', CTRL), 'Redo'],
    ['Greek', press('ν', 'KeyN'), 'New object'],
    ['Arabic', press('ى', 'KeyN'), 'New object'],
    ['Arabic', press('ئ', 'KeyZ', CTRL), UNDO],
    ['Arabic', press('٢', 'Digit2'), 'Class 2'],
    ['Arabic', press('؟', 'Slash', SHIFT), 'This help'],
    ['Hebrew', press('מ', 'KeyN'), 'New object'],
    ['Korean', press('ㅜ', 'KeyN'), 'New object'],
    ['AZERTY', press('&', 'Digit1'), 'Class 1'],
    ['AZERTY', press('é', 'Digit2'), 'Class 2'],
    ['AZERTY', press('"', 'Digit3'), 'Class 3'],
    ['AZERTY', press("'", 'Digit4'), 'Class 4'],
    ['AZERTY', press('(', 'Digit5'), 'Class 5'],
    ['AZERTY', press('à', 'Digit0'), 'Fit the image'],
    ['AZERTY with Shift', press('1', 'Digit1', SHIFT), 'Class 1'],
    ['AZERTY', press('-', 'Digit6'), 'Zoom out'],
    ['AZERTY', press('z', 'KeyW', CTRL), UNDO],
    ['Czech', press('ě', 'Digit2'), 'Class 2'],
    ['QWERTZ', press('z', 'KeyY', CTRL), UNDO],
    ['QWERTZ', press('y', 'KeyZ', CTRL), 'Redo'],
    ['Dvorak', press('n', 'KeyL'), 'New object'],
    ['Dvorak', press(';', 'KeyZ', CTRL), undefined],
    ['Dvorak', press("'", 'KeyQ'), undefined],
  ])('on %s: %o', (_, pressed, expected) => {
    expect(does(pressed)).toBe(expected);
  });

  it.each([
    ['the browser’s own', press('n', 'KeyN', CTRL)],
    ['AltGr', press('z', 'KeyZ', { ...CTRL, altKey: true })],
    ['Alt', press('n', 'KeyN', { altKey: true })],
    ['a word that is being composed', press('ん', 'KeyN', { isComposing: true })],
    ['a letter with an accent in the place of another key', press('ö', 'KeyN')],
    ['Shift and a digit', press('!', 'Digit1', SHIFT)],
  ])('are not %s', (_, pressed) => {
    expect(does(pressed)).toBeUndefined();
  });

  it('have one meaning each, with or without Shift', () => {
    const presses = SHORTCUTS.flatMap(({ chords, does }) =>
      chords.flatMap(({ keys, control = false, shift }) =>
        keys.flatMap((key) =>
          (shift === undefined ? [false, true] : [shift]).map((isShifted) => ({
            press: `${control ? 'Ctrl+' : ''}${isShifted ? 'Shift+' : ''}${key}`,
            does,
          })),
        ),
      ),
    );
    const conflicts = presses.filter(({ press }, index) =>
      presses.some((other, place) => place < index && other.press === press),
    );
    expect(conflicts).toEqual([]);
    expect(presses.length).toBeGreaterThan(60);
  });

  it('are called as browsers name them, letters in lower case', () => {
    const keys = SHORTCUTS.flatMap(({ chords }) => chords.flatMap((chord) => chord.keys));
    expect(keys.filter((key) => key !== key.toLowerCase())).toEqual([]);
  });

  it('say in the help what they do', () => {
    const [first] = SHORTCUTS;
    expect(first?.keys).not.toBeNull();
    const silent = SHORTCUTS.filter(
      ({ keys, does }, index, all) => keys === null && all[index - 1]?.does !== does,
    );
    expect(silent).toEqual([]);
  });
});
