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
const does = (pressed: KeyPress): string | undefined => findPressed(SHORTCUTS, pressed)?.does;

const UNDO = 'Undo; while you draw, the last corner';

describe('shortcuts', () => {
  it.each([
    ['US', press('n', 'KeyN'), 'New object'],
    ['US with Caps Lock', press('N', 'KeyN'), 'New object'],
    ['US', press('z', 'KeyZ', CTRL), UNDO],
    ['US with Caps Lock', press('Z', 'KeyZ', CTRL), UNDO],
    ['a Mac', press('z', 'KeyZ', { metaKey: true }), UNDO],
    ['US', press('Z', 'KeyZ', { ...CTRL, ...SHIFT }), 'Redo'],
    ['US', press('?', 'Slash', SHIFT), 'This help'],
    ['the number pad', press('2', 'Numpad2'), 'Box tool'],
    ['Russian', press('т', 'KeyN'), 'New object'],
    ['Russian', press('я', 'KeyZ', CTRL), UNDO],
    ['Russian', press('Я', 'KeyZ', { ...CTRL, ...SHIFT }), 'Redo'],
    ['Russian', press('н', 'KeyY', CTRL), 'Redo'],
    ['Greek', press('ν', 'KeyN'), 'New object'],
    ['Arabic', press('ى', 'KeyN'), 'New object'],
    ['Arabic', press('ئ', 'KeyZ', CTRL), UNDO],
    ['Arabic', press('٢', 'Digit2'), 'Box tool'],
    ['Arabic', press('؟', 'Slash', SHIFT), 'This help'],
    ['Hebrew', press('מ', 'KeyN'), 'New object'],
    ['Korean', press('ㅜ', 'KeyN'), 'New object'],
    ['AZERTY', press('&', 'Digit1'), 'Click tool'],
    ['AZERTY', press('é', 'Digit2'), 'Box tool'],
    ['AZERTY', press('"', 'Digit3'), 'Scribble tool'],
    ['AZERTY', press("'", 'Digit4'), 'Polygon tool'],
    ['AZERTY', press('(', 'Digit5'), 'Text tool'],
    ['AZERTY', press('à', 'Digit0'), 'Fit the image'],
    ['AZERTY with Shift', press('1', 'Digit1', SHIFT), 'Click tool'],
    ['AZERTY', press('-', 'Digit6'), 'Zoom out'],
    ['AZERTY', press('z', 'KeyW', CTRL), UNDO],
    ['Czech', press('ě', 'Digit2'), 'Box tool'],
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

  it('have one meaning each', () => {
    const chords = SHORTCUTS.flatMap((entry) =>
      entry.chords.flatMap(({ keys, control, shift }) =>
        keys.map((key) => `${String(control)} ${String(shift)} ${key}`),
      ),
    );
    expect(new Set(chords).size).toBe(chords.length);
  });
});
