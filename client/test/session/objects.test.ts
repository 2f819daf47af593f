import { describe, expect, it } from 'vitest';
import { nextUndo } from '../../src/session/history';
import { groupWithPrevious, setAttribute, toggleLock } from '../../src/session/marks';
import {
  copyOf,
  duplicateObject,
  mergeWithPrevious,
  pasteObject,
  selectAt,
  selectNeighbour,
  showAll,
} from '../../src/session/objects';
import {
  activeImageOf,
  activeObjectOf,
  EMPTY_SESSION,
  nextPending,
  resultOf,
  type ImageState,
  type Session,
} from '../../src/session/state';
import * as change from '../../src/session/transitions';
import type { PromptItem } from '../../src/shared/types';
import { click, stepResult } from '../samples';

const SIZE = { height: 4, width: 6 };

function image(session: Session): ImageState {
  const active = activeImageOf(session);
  if (active === null) throw new Error('no image');
  return active;
}

const numbers = (session: Session): number[] => image(session).document.objects.map(({ number }) => number);
const selected = (session: Session): number | undefined => activeObjectOf(image(session))?.number;

/** Every waiting step answered by a mask of as many pixels as the object has prompts. */
function answered(session: Session): Session {
  const pending = nextPending(
    session,
    () => true,
    () => true,
  );
  if (pending === null) return session;
  const result = stepResult({ fill: pending.prompts.length, size: SIZE });
  return answered(change.recordResult(session, pending.step.id, result));
}

/** A photo with an object for each number of clicks. */
function withObjects(...clicks: readonly number[]): Session {
  const opened = change.openImage(EMPTY_SESSION, 'a.jpg', SIZE);
  const given = clicks.reduce(
    (session, count) =>
      Array.from({ length: count }).reduce<Session>(
        (state, _, index) => change.addPrompt(state, click(1, index), index),
        change.newObject(session),
      ),
    opened,
  );
  return answered(given);
}

/** Two objects of a group; of the second, which is selected and locked, something is said. */
function said(): Session {
  const grouped = groupWithPrevious(withObjects(1, 2));
  const id = image(grouped).document.activeObject ?? '';
  return toggleLock(setAttribute(grouped, id, 'tame', true), id);
}

describe('selecting', () => {
  it('at a place takes the mask on top, and none where there is none', () => {
    const session = withObjects(1, 2);
    expect(selected(selectAt(session, { x: 0.5, y: 0.5 }))).toBe(2);
    expect(selected(selectAt(session, { x: 0.5, y: 3.5 }))).toBeUndefined();
    expect(selected(selectAt(session, { x: 5.5, y: 0.5 }))).toBeUndefined();
  });

  it('at a place does not see what is hidden', () => {
    const session = withObjects(1, 2);
    const id = image(session).document.activeObject ?? '';
    expect(selected(selectAt(change.toggleVisible(session, id), { x: 0.5, y: 0.5 }))).toBe(1);
  });

  it('goes round by the order of the list', () => {
    const session = withObjects(1, 1, 1);
    const forth = [1, 1, 1].reduce<number[]>(
      (seen, _, index) => [...seen, selected(times(session, index + 1, 1)) ?? 0],
      [],
    );
    expect([selected(session), ...forth]).toEqual([3, 1, 2, 3]);
    expect(selected(selectNeighbour(session, -1))).toBe(2);
    const none = selectAt(session, { x: 5.5, y: 0.5 });
    expect([1, -1].map((by) => selected(selectNeighbour(none, by as 1 | -1)))).toEqual([1, 3]);
  });

  it('is no change', () => {
    const session = withObjects(1, 1);
    expect(nextUndo(selectAt(selectNeighbour(session, 1), { x: 5.5, y: 3.5 }))).toBe(nextUndo(session));
  });
});

const times = (session: Session, count: number, by: 1 | -1): Session =>
  Array.from({ length: count }).reduce<Session>((state) => selectNeighbour(state, by), session);

describe('a duplicate', () => {
  it('has the prompts, the label and, at once, the masks of the object', () => {
    const labelled = change.relabel(withObjects(2), image(withObjects(2)).document.activeObject ?? '', 'dog');
    const session = duplicateObject(labelled, 5);
    const [first, second] = image(session).document.objects;
    expect(second).toMatchObject({ number: 2, userLabel: 'dog' });
    expect(second?.steps.map(({ prompt }) => prompt)).toEqual(first?.steps.map(({ prompt }) => prompt));
    expect(second && resultOf(session, second)).toBe(first && resultOf(session, first));
    expect(selected(session)).toBe(2);
  });

  it('of nothing is nothing', () => {
    const session = change.newObject(withObjects());
    expect(duplicateObject(session, 1)).toBe(session);
  });

  it('has the group and the attributes of the object, and is free where that is locked', () => {
    const [, second, copy] = image(duplicateObject(said(), 5)).document.objects;
    expect(second).toMatchObject({ isLocked: true, group: 1, attributes: { tame: true } });
    expect(copy).toMatchObject({ number: 3, group: 1, attributes: { tame: true } });
    expect(copy?.isLocked).toBeUndefined();
  });
});

describe('a copy', () => {
  it('is given again on another photo, at the same parts of it', () => {
    const prompts: readonly PromptItem[] = [
      click(3, 1),
      { kind: 'box', x0: 0, y0: 1, x1: 3, y1: 4, label: 0 },
      { kind: 'polygon', points_xy: [[0, 0], [6, 0], [6, 4]] },
      { kind: 'text', text: 'a cup' },
      { kind: 'mask', size: [4, 6], counts: [5, 2, 17] },
      { kind: 'paint', points_xy: [[3, 2]], radius: 2, label: 0 },
    ]; // prettier-ignore
    const session = prompts.reduce<Session>(
      (state, prompt, index) => change.addPrompt(state, prompt, index, 'cup'),
      change.openImage(EMPTY_SESSION, 'a.jpg', SIZE),
    );
    const copied = copyOf(session);
    const other = change.openImage(session, 'b.jpg', { height: 8, width: 60 });
    const pasted = copied && pasteObject(other, copied, 9);
    const [object] = pasted ? image(pasted).document.objects : [];
    expect(object?.userLabel).toBe('cup');
    expect(object?.steps.map(({ prompt }) => prompt)).toEqual([
      click(30, 2),
      { kind: 'box', x0: 0, y0: 2, x1: 30, y1: 8, label: 0 },
      { kind: 'polygon', points_xy: [[0, 0], [60, 0], [60, 8]] },
      { kind: 'text', text: 'a cup' },
      { kind: 'mask', size: [8, 60], counts: [82, ...Array<number>(19).fill(4), 322] },
      { kind: 'paint', points_xy: [[30, 4]], radius: 2 * Math.sqrt(20), label: 0 },
    ]); // prettier-ignore
    expect(pasted && nextUndo(pasted)).toBe('paste object');
  });

  it('has the attributes, and the group on the photo where that is; it is not locked', () => {
    const session = said();
    const copied = copyOf(session);
    if (copied === null) throw new Error('nothing copied');
    const here = image(pasteObject(session, copied, 9)).document.objects.at(-1);
    expect(here).toMatchObject({ number: 3, group: 1, attributes: { tame: true } });
    const elsewhere = pasteObject(change.openImage(session, 'b.jpg', SIZE), copied, 9);
    const there = image(elsewhere).document.objects.at(-1);
    expect(there).toMatchObject({ number: 1, attributes: { tame: true } });
    for (const copy of [here, there]) expect(copy?.isLocked).toBeUndefined();
    expect(there?.group).toBeUndefined();
  });

  it('of an object without prompts is none', () => {
    expect(copyOf(change.newObject(withObjects()))).toBeNull();
  });
});

describe('merging', () => {
  it('makes one object of the selected one and that before it, beginning with both masks', () => {
    const session = withObjects(1, 3);
    const merged = mergeWithPrevious(session, 9);
    const [object] = image(merged).document.objects;
    expect(numbers(merged)).toEqual([1]);
    expect(object?.steps.map(({ prompt }) => prompt)).toEqual([
      { kind: 'mask', size: [4, 6], counts: [0, 3, 21] },
    ]);
    expect(selected(merged)).toBe(1);
    expect(image(change.undo(merged)).document).toEqual(image(session).document);
  });

  it('needs an object before, and masks of both', () => {
    const first = selectNeighbour(withObjects(1, 1), 1);
    expect(mergeWithPrevious(first, 9)).toBe(first);
    const waiting = change.addPrompt(change.newObject(withObjects(1)), click(1, 1), 9);
    expect(mergeWithPrevious(waiting, 9)).toBe(waiting);
  });
});

it('all objects are shown again by one change', () => {
  const session = withObjects(1, 1, 1);
  const hidden = image(session).document.objects.reduce(
    (state, { id }) => change.toggleVisible(state, id),
    session,
  );
  expect(image(showAll(hidden)).document.hidden.size).toBe(0);
  expect(change.undo(showAll(hidden)).images[0]?.document.hidden.size).toBe(3);
  expect(showAll(session)).toBe(session);
  expect(numbers(session)).toEqual([1, 2, 3]);
});
