import { beforeEach, describe, expect, it } from 'vitest';
import { createStore } from '../../../src/app/state/store';
import { meaningOf } from '../../../src/app/dialogs/keyMeanings';
import { TOOLS } from '../../../src/app/state/tools';
import { chordOf, findPressed, readChord, type KeyPress } from '../../../src/app/tools/keys';
import { chooseKeys, conflictsOf, resetKeys, takeKey, usePreset } from '../../../src/app/tools/keyChoices';
import { keyRowsOf, keyTexts, titles } from '../../../src/app/tools/keyMap';
import { KEY_PRESETS, presetOf, PRESET_NAMES } from '../../../src/app/tools/keyPresets';
import { keyRows } from '../../../src/app/tools/keyTable';
import { shortcutsOf } from '../../../src/app/tools/shortcuts';

const press = (key: string, code: string, held: Partial<KeyPress> = {}): KeyPress => ({
  ...{ key, code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false },
  ...held,
});

const CTRL = { ctrlKey: true };
const SHIFT = { shiftKey: true };

let page: { store: ReturnType<typeof createStore>; tools: typeof TOOLS };

beforeEach(() => {
  page = { store: createStore(), tools: TOOLS };
});

const runs = (pressed: KeyPress): string | undefined => findPressed(shortcutsOf(page), pressed)?.id;
const does = (pressed: KeyPress): string | undefined => {
  const found = findPressed(shortcutsOf(page), pressed);
  if (found === undefined) return undefined;
  return found.id.startsWith('class-') ? found.id.replace('class-', 'Class ') : meaningOf(TOOLS, found.id);
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
    ['US', press('0', 'Digit0', CTRL), 'Fit the image'],
    ['AZERTY', press('&', 'Digit1', CTRL), 'A pixel of the photo for each of the screen'],
    ['US with Shift', press('N', 'KeyN', SHIFT), 'New object'],
    ['US', press('=', 'Equal'), 'Zoom in'],
    ['US', press('_', 'Minus', SHIFT), 'Zoom out'],
    ['US', press('9', 'Digit9'), 'Class 9'],
    ['US', press('v', 'KeyV'), 'Select tool'],
    ['US', press('v', 'KeyV', CTRL), 'Give them again, on this or another photo'],
    ['US', press('h', 'KeyH'), 'Hide the selected object'],
    ['US', press('H', 'KeyH', SHIFT), 'Show all objects again'],
    ['US', press('PageDown', 'PageDown'), 'Object after the selected one'],
    ['Russian', press('в', 'KeyD', CTRL), 'Duplicate the selected object'],
    ['US', press('?', 'Slash', SHIFT), 'Keys'],
    ['the number pad', press('2', 'Numpad2'), 'Class 2'],
    ['Russian', press('т', 'KeyN'), 'New object'],
    ['Russian', press('я', 'KeyZ', CTRL), UNDO],
    ['Russian', press('Я', 'KeyZ', { ...CTRL, ...SHIFT }), 'Redo'],
    ['Russian', press('н', 'KeyY', CTRL), 'Redo'],
    ['Greek', press('ν', 'KeyN'), 'New object'],
    ['Arabic', press('ى', 'KeyN'), 'New object'],
    ['Arabic', press('ئ', 'KeyZ', CTRL), UNDO],
    ['Arabic', press('٢', 'Digit2'), 'Class 2'],
    ['Arabic', press('؟', 'Slash', SHIFT), 'Keys'],
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
    ['Ctrl and Shift where only Ctrl is asked for', press('D', 'KeyD', { ...CTRL, ...SHIFT })],
  ])('are not %s', (_, pressed) => {
    expect(does(pressed)).toBeUndefined();
  });

  it('have one meaning each, as usual and in every preset', () => {
    expect(keyRows(TOOLS).flatMap(({ keys }) => keys).length).toBeGreaterThan(45);
    for (const name of PRESET_NAMES) {
      usePreset(page, name);
      const conflicts = [...conflictsOf(keyRowsOf(page))].map(([id, others]) => [
        id,
        others.map(({ id }) => id),
      ]);
      expect({ name, conflicts }).toEqual({ name, conflicts: [] });
    }
  });

  it('are called as browsers name them, letters in lower case', () => {
    const presets = Object.values(KEY_PRESETS).flatMap((choices) =>
      Object.values<readonly string[]>(choices),
    );
    const keys = [...keyRows(TOOLS).map((row) => row.keys), ...presets].flat();
    expect(keys.filter((key) => key !== key.toLowerCase() || readChord(key).key === '')).toEqual([]);
  });

  it('of presets are of rows that exist', () => {
    const ids = keyRows(TOOLS).map(({ id }) => id);
    const named = Object.values(KEY_PRESETS).flatMap((choices) => Object.keys(choices));
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('all run something', () => {
    expect(shortcutsOf(page).map(({ id }) => id)).toEqual(keyRows(TOOLS).map(({ id }) => id));
  });
});

describe('a key that the user chooses', () => {
  it.each([
    ['US', press('J', 'KeyJ'), 'j'],
    ['US', press('J', 'KeyJ', SHIFT), 'shift+j'],
    ['US', press('j', 'KeyJ', { ...CTRL, ...SHIFT }), 'ctrl+shift+j'],
    ['a Mac', press('j', 'KeyJ', { metaKey: true }), 'ctrl+j'],
    ['Russian', press('о', 'KeyJ'), 'j'],
    ['QWERTZ', press('ö', 'Semicolon'), 'ö'],
    ['QWERTZ', press('y', 'KeyZ'), 'y'],
    ['AZERTY', press('é', 'Digit2'), '2'],
    ['AZERTY', press('2', 'Digit2', SHIFT), '2'],
    ['US', press('!', 'Digit1', SHIFT), '!'],
    ['US', press('=', 'Equal'), '+'],
    ['US', press('Home', 'Home', SHIFT), 'shift+home'],
  ])('on %s is kept so that the same press runs it: %o', (_, pressed, expected) => {
    expect(chordOf(pressed)).toEqual({ keys: expected });
    chooseKeys(page, 'merge', [expected]);
    expect(runs(pressed)).toBe('merge');
  });

  it.each([
    [press('Shift', 'ShiftLeft', SHIFT), null],
    [press('j', 'KeyJ', { altKey: true }), { refusal: 'alt' }],
    [press('t', 'KeyT', CTRL), { refusal: 'browser' }],
    [press('F5', 'F5'), { refusal: 'browser' }],
    [press('Tab', 'Tab'), { refusal: 'reserved' }],
    [press(' ', 'Space'), { refusal: 'reserved' }],
  ])('is not %o', (pressed, expected) => {
    expect(chordOf(pressed)).toEqual(expected);
  });

  it('goes before the usual one, conflicts are named, and it can be taken from the other', () => {
    chooseKeys(page, 'merge', ['n']);
    expect([runs(press('n', 'KeyN')), runs(press('m', 'KeyM'))]).toEqual(['merge', undefined]);
    const conflicts = conflictsOf(keyRowsOf(page));
    expect([...conflicts].map(([id, others]) => [id, ...others.map((row) => row.id)])).toEqual([
      ['new-object', 'merge'],
      ['merge', 'new-object'],
    ]);
    takeKey(page, 'merge', 'n');
    expect([conflictsOf(keyRowsOf(page)).size, keyTexts(page, 'new-object')]).toEqual([0, '']);
  });

  it('with Shift leaves the key without it to another row', () => {
    chooseKeys(page, 'merge', ['shift+n']);
    expect([runs(press('N', 'KeyN', SHIFT)), runs(press('n', 'KeyN'))]).toEqual(['merge', 'new-object']);
    expect(conflictsOf(keyRowsOf(page)).size).toBe(0);
  });

  it('is no choice where it is the usual one, and can be reset', () => {
    chooseKeys(page, 'redo', ['ctrl+k']);
    expect(presetOf(page.store.keyChoices.value)).toBeNull();
    chooseKeys(page, 'redo', ['ctrl+shift+z', 'ctrl+y']);
    expect(presetOf(page.store.keyChoices.value)).toBe('splitseem');
    usePreset(page, 'CVAT');
    expect(runs(press('f', 'KeyF'))).toBe('next-photo');
    resetKeys(page, 'next-photo');
    expect([runs(press('f', 'KeyF')), runs(press('.', 'Period'))]).toEqual([undefined, 'next-photo']);
  });

  it('is what tooltips and screen readers are told', () => {
    expect(titles(page, 'redo', 'Redo')).toEqual({
      title: 'Redo (Ctrl+Shift+Z, Ctrl+Y)',
      'aria-keyshortcuts': 'Control+Shift+Z Control+Y',
    });
    expect(titles(page, 'zoom-in', 'Zoom in')['aria-keyshortcuts']).toBe('Plus');
    chooseKeys(page, 'redo', ['pagedown']);
    expect(titles(page, 'redo', 'Redo')).toEqual({
      title: 'Redo (Page Down)',
      'aria-keyshortcuts': 'PageDown',
    });
    chooseKeys(page, 'redo', []);
    expect(titles(page, 'redo', 'Redo')).toEqual({ title: 'Redo' });
  });
});
