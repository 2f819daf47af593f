import { describe, expect, it } from 'vitest';
import { setClassList, setOverlap } from '../../src/session/classes';
import { groupWithPrevious, leaveGroup, setAttribute, toggleLock } from '../../src/session/marks';
import { mergeWithPrevious, selectAt } from '../../src/session/objects';
import { masksOf } from '../../src/session/overlap';
import { classListOf, toProject } from '../../src/session/project';
import { activeImageOf, EMPTY_SESSION, type SegmentObject, type Session } from '../../src/session/state';
import {
  addPrompt,
  clearImage,
  deleteObject,
  newObject,
  openImage,
  recordResult,
  redo,
  relabel,
  removePrompt,
  restoreObjects,
  selectObject,
  toggleVisible,
  undo,
} from '../../src/session/transitions';
import { rleArea } from '../../src/shared/rle';
import { click, stepResult } from '../samples';

const SIZE = { height: 4, width: 6 };
const FACTS = { keyOf: () => null, digestOf: () => null, timingsOf: () => ({}) };

const objectsOf = (session: Session): readonly SegmentObject[] =>
  activeImageOf(session)?.document.objects ?? [];

const idAt = (session: Session, place: number): string => objectsOf(session)[place]?.id ?? '';

/** Objects whose masks are the first pixels, that number of them; the last is selected. */
function withObjects(...fills: readonly number[]): Session {
  return fills.reduce(
    (session, fill) => {
      const added = addPrompt(newObject(session), click(fill, 0.5), 0);
      const step = objectsOf(added).at(-1)?.steps[0]?.id ?? '';
      return recordResult(added, step, stepResult({ fill, size: SIZE }));
    },
    openImage(EMPTY_SESSION, 'a.jpg', SIZE),
  );
}

describe('a locked object', () => {
  const session = withObjects(3, 5);
  const locked = toggleLock(session, idAt(session, 1));
  const id = idAt(locked, 1);

  it.each<[string, (session: Session) => Session]>([
    ['a prompt', (one) => addPrompt(one, click(1, 1), 0)],
    ['taking a prompt back', (one) => removePrompt(one, id, objectsOf(one)[1]?.steps[0]?.id ?? '')],
    ['deleting', (one) => deleteObject(one, id)],
    ['a label', (one) => relabel(one, id, 'dog')],
    ['merging', (one) => mergeWithPrevious(one, 0)],
    ['an attribute', (one) => setAttribute(one, id, 'tame', true)],
    ['a group', groupWithPrevious],
    ['leaving a group', (one) => leaveGroup(one, id)],
  ])('is not changed by %s', (_, change) => {
    expect(change(locked)).toBe(locked);
    const free = toggleLock(locked, id);
    expect(objectsOf(free)[1]?.isLocked).toBe(false);
  });

  it('stays when the photo is cleared, can be selected and hidden, and undo frees it', () => {
    expect(objectsOf(clearImage(locked)).map(({ number }) => number)).toEqual([2]);
    expect(clearImage(clearImage(locked))).toEqual(clearImage(locked));
    expect(
      activeImageOf(selectAt(selectObject(locked, idAt(locked, 0)), { x: 1.5, y: 0.5 }))?.document
        .activeObject,
    ).toBe(id);
    expect(activeImageOf(toggleVisible(locked, id))?.document.hidden.has(id)).toBe(true);
    expect(objectsOf(undo(locked))[1]?.isLocked).toBeUndefined();
    expect(objectsOf(redo(undo(locked)))[1]?.isLocked).toBe(true);
  });
});

describe('groups', () => {
  it('grow by the object before, and are left one by one', () => {
    const three = withObjects(1, 2, 3);
    const two = groupWithPrevious(three);
    expect(objectsOf(two).map(({ group }) => group)).toEqual([undefined, 1, 1]);
    expect(groupWithPrevious(two)).toBe(two);
    const all = groupWithPrevious(selectObject(two, idAt(two, 1)));
    expect(objectsOf(all).map(({ group }) => group)).toEqual([2, 2, 1]);
    const left = leaveGroup(all, idAt(all, 1));
    expect(objectsOf(left).map(({ group }) => group)).toEqual([2, undefined, 1]);
    expect(leaveGroup(left, idAt(left, 1))).toBe(left);
    const first = selectObject(three, idAt(three, 0));
    expect(groupWithPrevious(first)).toBe(first);
  });
});

describe('where masks overlap', () => {
  const session = withObjects(4, 6);
  const areas = (one: Session): number[] => {
    const document = activeImageOf(one)?.document;
    return document === undefined ? [] : [...masksOf(one, document).values()].map(rleArea);
  };

  it('a pixel is of all, of the first or of the last object, and what is saved stays whole', () => {
    expect(areas(session)).toEqual([4, 6]);
    const giving = setOverlap(session, 'gives-way');
    expect(areas(giving)).toEqual([4, 2]);
    const eating = setOverlap(giving, 'eats');
    expect(new Set(areas(eating))).toEqual(new Set([0, 6]));
    expect(areas(undo(eating))).toEqual([4, 2]);
    expect(areas(undo(undo(eating)))).toEqual([4, 6]);
    const saved = toProject(eating, FACTS);
    expect(saved.overlap).toBe('eats');
    expect(saved.images[0]?.objects.map(({ mask }) => mask && rleArea(mask))).toEqual([4, 6]);
  });

  it('a locked object comes first', () => {
    const eating = setOverlap(toggleLock(session, idAt(session, 0)), 'eats');
    const document = activeImageOf(eating)?.document;
    const masks = document && masksOf(eating, document);
    expect(
      [0, 1].map((place) => rleArea(masks?.get(idAt(eating, place)) ?? { size: [0, 0], counts: [] })),
    ).toEqual([4, 2]);
  });

  it('a place belongs to the object that has the pixel', () => {
    const giving = setOverlap(session, 'gives-way');
    expect(activeImageOf(selectAt(giving, { x: 0.5, y: 0.5 }))?.document.activeObject).toBe(idAt(giving, 0));
    expect(activeImageOf(selectAt(session, { x: 0.5, y: 0.5 }))?.document.activeObject).toBe(
      idAt(session, 1),
    );
  });
});

it('what is said of objects and classes is saved, and read again where nothing is or something else', () => {
  const one = withObjects(3, 5);
  const said = [
    (session: Session) => setAttribute(session, idAt(session, 1), 'colour', 'brown'),
    (session: Session) => setAttribute(session, idAt(session, 1), 'tame', false),
    groupWithPrevious,
    (session: Session) => toggleLock(session, idAt(session, 1)),
  ].reduce((session, change) => change(session), one);
  const rule = { class: 'dog', name: 'colour', kind: 'select', values: ['brown', 'black'] } as const;
  const list = { names: ['dog'], isVocabulary: false, attributes: [rule], overlap: 'gives-way' } as const;
  const project = toProject(setClassList(said, list, ''), FACTS);
  const [first, second] = project.images[0]?.objects ?? [];
  expect([first?.group, second?.group, second?.locked]).toEqual([1, 1, true]);
  expect(second?.attributes).toEqual({ colour: 'brown', tame: false });
  expect(classListOf(project)).toEqual(list);
  const saved = project.images[0]?.objects ?? [];
  const fresh = openImage(EMPTY_SESSION, 'a.jpg', SIZE);
  const read = restoreObjects(fresh, fresh.activeImage ?? '', saved, 0);
  expect(objectsOf(read)[1]).toMatchObject({ isLocked: true, group: 1, attributes: { colour: 'brown' } });
  expect(restoreObjects(said, said.activeImage ?? '', saved, 0)).toBe(said);
  const changed = restoreObjects(one, one.activeImage ?? '', saved, 0);
  expect(objectsOf(changed)[1]).toMatchObject({ isLocked: true, group: 1 });
  expect(setAttribute(one, idAt(one, 1), 'note', '')).toBe(one);
});
