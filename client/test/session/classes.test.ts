import { describe, expect, it } from 'vitest';
import {
  addClasses,
  classesOf,
  classNamesOf,
  coloursOf,
  moveClass,
  setClassList,
  setColour,
} from '../../src/session/classes';
import { nextRedo, nextUndo } from '../../src/session/history';
import { classListOf, toProject } from '../../src/session/project';
import { EMPTY_SESSION, NO_CLASSES, type Session } from '../../src/session/state';
import * as change from '../../src/session/transitions';
import { projectFromJson } from '../../src/codec/unpack';
import { MAX_CLASS_NAMES } from '../../src/shared/reading/limits';
import { click, stepResult } from '../samples';

const SIZE = { height: 4, width: 6 };

/** A photo with an object for every label; null: the model's guess. */
function labelled(...labels: readonly (string | null)[]): Session {
  const opened = change.openImage(EMPTY_SESSION, 'a.jpg', SIZE);
  return labels.reduce<Session>(
    (session, label, index) => change.addPrompt(change.newObject(session, label), click(1, 1), index, label),
    opened,
  );
}

const projectOf = (session: Session) =>
  toProject(session, { keyOf: () => null, digestOf: () => null, timingsOf: () => ({}) });

describe('classes', () => {
  it('are the labels in use, counted, while there is no list', () => {
    expect(classesOf(labelled('dog', null, 'cat', 'dog'))).toEqual([
      { name: 'dog', count: 2 },
      { name: 'cat', count: 1 },
    ]);
  });

  it('of the list come first, also those that nothing is called', () => {
    const session = setClassList(labelled('dog', 'owl'), { names: ['cat', 'dog'], isVocabulary: false }, '');
    expect(classesOf(session)).toEqual([
      { name: 'cat', count: 0 },
      { name: 'dog', count: 1 },
      { name: 'owl', count: 1 },
    ]);
  });

  it('count the guesses of the model, but are not made by them', () => {
    const session = labelled(null, 'cat');
    const step = session.images[0]?.document.objects[0]?.steps[0]?.id ?? '';
    const guessed = change.recordResult(session, step, stepResult({ fill: 1, size: SIZE }));
    expect(classesOf(guessed)).toEqual([{ name: 'cat', count: 2 }]);
    expect(
      classesOf(change.relabel(guessed, guessed.images[0]?.document.objects[1]?.id ?? '', 'dog')),
    ).toEqual([{ name: 'dog', count: 1 }]);
  });

  it('are of all photos', () => {
    const two = change.openImage(labelled('dog'), 'b.jpg', SIZE);
    expect(classNamesOf(change.addPrompt(two, click(1, 1), 9, 'cat'))).toEqual(['dog', 'cat']);
  });

  it('that are added come after those in use, which then keep their place', () => {
    const added = addClasses(labelled('dog', 'cat'), ['owl', 'dog']);
    expect(classNamesOf(added)).toEqual(['dog', 'cat', 'owl']);
    expect(classNamesOf(change.clearImage(added))).toEqual(['dog', 'cat', 'owl']);
    expect(added.classList.isVocabulary).toBe(false);
  });

  it('are moved up and down, and not beyond the ends', () => {
    const session = labelled('a', 'b', 'c');
    expect(classNamesOf(moveClass(session, 'c', -1))).toEqual(['a', 'c', 'b']);
    expect(classNamesOf(moveClass(session, 'a', 1))).toEqual(['b', 'a', 'c']);
    expect(moveClass(session, 'a', -1)).toBe(session);
    expect(moveClass(session, 'c', 1)).toBe(session);
    expect(moveClass(session, 'nothing', 1)).toBe(session);
  });

  it('are no more than a project can hold', () => {
    const names = Array.from({ length: MAX_CLASS_NAMES + 3 }, (_, index) => `class ${index}`);
    expect(classNamesOf(addClasses(EMPTY_SESSION, names))).toHaveLength(MAX_CLASS_NAMES);
  });
});

describe('changes of the class list', () => {
  it('are undone and redone in their order among those of the photo', () => {
    const before = labelled('dog');
    const after = change.clearImage(addClasses(before, ['cat']));
    expect(nextUndo(after)).toBe('clear');
    const back = change.undo(after);
    expect(nextUndo(back)).toBe('new class');
    const further = change.undo(back);
    expect(further.classList).toEqual(NO_CLASSES);
    expect(nextRedo(further)).toBe('new class');
    expect(projectOf(change.redo(change.redo(further)))).toEqual(projectOf(after));
  });

  it('take from redo what was undone before', () => {
    const undone = change.undo(labelled('dog'));
    expect(nextRedo(undone)).not.toBeNull();
    expect(nextRedo(addClasses(undone, ['cat']))).toBeNull();
    const list = change.undo(addClasses(labelled('dog'), ['cat']));
    expect(nextRedo(change.clearImage(list))).toBeNull();
  });

  it('that change nothing are none', () => {
    const session = addClasses(EMPTY_SESSION, ['cat']);
    expect(addClasses(session, ['cat'])).toBe(session);
  });
});

describe('the colour of a class', () => {
  it('is chosen, chosen again and given up, each in a step that says whose it is', () => {
    const two = setColour(setColour(labelled('dog', 'cat'), 'dog', '#ff0000'), 'cat', '#00ff00');
    const other = setColour(two, 'dog', '#0000ff');
    expect(coloursOf(other.classList)).toEqual({ dog: '#0000ff', cat: '#00ff00' });
    expect(nextUndo(other)).toBe('colour of dog');
    expect(coloursOf(change.undo(other).classList)).toEqual({ dog: '#ff0000', cat: '#00ff00' });
    expect(change.redo(change.undo(other)).classList).toEqual(other.classList);
    const none = setColour(setColour(other, 'dog', null), 'cat', null);
    expect(projectOf(none)).toEqual(projectOf(labelled('dog', 'cat')));
  });

  it('that it has already, or never had, is no step', () => {
    const session = setColour(labelled('dog', 'cat'), 'dog', '#ff0000');
    expect(setColour(session, 'dog', '#ff0000')).toBe(session);
    expect(setColour(session, 'cat', null)).toBe(session);
  });

  it('stays while the list is changed, and is there when the class comes back', () => {
    const coloured = setColour(addClasses(EMPTY_SESSION, ['dog', 'cat']), 'dog', '#ff0000');
    const moved = moveClass(addClasses(coloured, ['owl']), 'dog', 1);
    expect(coloursOf(moved.classList)).toEqual({ dog: '#ff0000' });
    const without = setClassList(moved, { names: ['owl'], isVocabulary: true }, 'class names');
    expect(coloursOf(addClasses(without, ['dog']).classList)).toEqual({ dog: '#ff0000' });
  });

  it('is kept of no more classes than a project can hold', () => {
    const colours = Object.fromEntries(
      Array.from({ length: MAX_CLASS_NAMES }, (_, index) => [`class ${index}`, '#ff0000']),
    );
    const full = setClassList(EMPTY_SESSION, { ...NO_CLASSES, colours }, '');
    const names = Object.keys(coloursOf(setColour(full, 'dog', '#00ff00').classList));
    expect([names.length, names.at(-1)]).toEqual([MAX_CLASS_NAMES, 'dog']);
  });
});

describe('a project', () => {
  it.each(['dog', '__proto__', 'constructor', '1'])('holds the chosen colour of "%s"', (name) => {
    const project = projectOf(setColour(addClasses(EMPTY_SESSION, [name, 'cat']), name, '#0a80ff'));
    const read = projectFromJson(JSON.parse(JSON.stringify(project)));
    const list = read.ok ? classListOf(read.value) : null;
    expect(Object.entries(coloursOf(list ?? NO_CLASSES))).toEqual([[name, '#0a80ff']]);
    expect(list?.names).toEqual([name, 'cat']);
  });

  it('with colours alone is read, too', () => {
    const colours = { dog: '#0a80ff' };
    const project = projectOf(setClassList(EMPTY_SESSION, { ...NO_CLASSES, colours }, ''));
    expect(classListOf(project)).toEqual({ ...NO_CLASSES, colours });
  });

  it.each(['green', '#0b9', '#0A80FF', '#0a80ff ', '', 7])('with the colour %j is refused', (colour) => {
    const project = { ...projectOf(EMPTY_SESSION), class_colours: { dog: colour } };
    expect(projectFromJson(project)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('class_colours.dog') as string },
    });
  });

  it.each([
    [{ names: ['b', 'a, large'], isVocabulary: false }, { classes: ['b', 'a, large'] }],
    [{ names: ['b', 'a'], isVocabulary: true }, { class_names: ['b', 'a'] }],
  ])('holds %j', (list, fields) => {
    const project = projectOf(setClassList(EMPTY_SESSION, list, ''));
    expect(project).toMatchObject(fields);
    expect(classListOf(project)).toEqual(list);
  });

  it('without classes says nothing of them', () => {
    const project = projectOf(EMPTY_SESSION);
    expect(Object.keys(project)).not.toContain('classes');
    expect(Object.keys(project)).not.toContain('class_names');
    expect(Object.keys(project)).not.toContain('class_colours');
    expect(classListOf(project)).toBeNull();
  });
});
