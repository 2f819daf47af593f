import { describe, expect, it } from 'vitest';
import { addProposals, type Proposal } from '../../src/session/proposals';
import { activeImageOf, EMPTY_SESSION, resultOf, type Session } from '../../src/session/state';
import { addPrompt, openImage, redo, undo } from '../../src/session/transitions';
import { click, stepResult } from '../samples';

const SIZE = { height: 4, width: 6 };

const proposal = (x: number, fill: number): Proposal => ({
  prompt: { kind: 'click', x, y: 1.5, label: 1 },
  result: stepResult({ fill, size: SIZE }),
});

const adding = { what: 'everything', selects: false, givenAt: 7, canvas: null };

const opened = (): Session => openImage(EMPTY_SESSION, 'cat.jpg', SIZE);

const idOf = (session: Session): string => session.activeImage ?? '';

const objectsOf = (session: Session) => activeImageOf(session)?.document.objects ?? [];

describe('proposals', () => {
  it('become objects of their own with a click and its answer, and none is active', () => {
    const before = addPrompt(opened(), click(3.5, 3.5), 0);
    const after = addProposals(before, idOf(before), [proposal(1.5, 5), proposal(2.5, 6)], adding);
    expect(objectsOf(after).map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(new Set(objectsOf(after).map(({ id }) => id)).size).toBe(3);
    const [, first, second] = objectsOf(after);
    expect(first?.steps.map(({ prompt }) => prompt)).toEqual([proposal(1.5, 5).prompt]);
    expect(second && resultOf(after, second)?.area).toBe(6);
    expect(activeImageOf(after)?.document.activeObject).toBeNull();
    const selecting = addProposals(before, idOf(before), [proposal(1.5, 5)], { ...adding, selects: true });
    expect(activeImageOf(selecting)?.document.activeObject).toBe(first?.id);
  });

  it('have no masks yet where the photo is wanted on another canvas than they were found on', () => {
    const before = opened();
    const after = addProposals(before, idOf(before), [proposal(1.5, 5)], { ...adding, canvas: 768 });
    expect(objectsOf(after)).toHaveLength(1);
    expect(after.results.size).toBe(0);
  });

  it('are taken back by one undo and given again by one redo', () => {
    const before = opened();
    const after = addProposals(before, idOf(before), [proposal(1.5, 5), proposal(2.5, 6)], adding);
    const undone = undo(after);
    expect(objectsOf(undone)).toEqual([]);
    const redone = redo(undone);
    expect(objectsOf(redone).map((object) => resultOf(redone, object)?.area)).toEqual([5, 6]);
  });

  it('are not doubled, and change nothing where all are there', () => {
    const before = opened();
    const once = addProposals(before, idOf(before), [proposal(1.5, 5)], adding);
    const twice = addProposals(once, idOf(once), [proposal(1.5, 5), proposal(2.5, 16)], adding);
    expect(objectsOf(twice)).toHaveLength(2);
    expect(addProposals(twice, idOf(twice), [proposal(2.5, 16)], adding)).toBe(twice);
  });

  it('are left out where an object with nearly the same mask is there, which is selected instead', () => {
    const before = opened();
    const id = idOf(before);
    const once = addProposals(before, id, [proposal(1.5, 10), proposal(2.5, 3)], adding);
    const twice = addProposals(once, id, [proposal(4.5, 8), proposal(5.5, 6)], adding);
    expect(objectsOf(twice).map((object) => resultOf(twice, object)?.area)).toEqual([10, 3, 6]);
    const selecting = addProposals(once, id, [proposal(4.5, 8)], { ...adding, selects: true });
    expect(objectsOf(selecting)).toHaveLength(2);
    expect(activeImageOf(selecting)?.document.activeObject).toBe(objectsOf(once)[0]?.id);
  });

  it('of a photo that is closed change nothing', () => {
    const before = opened();
    expect(addProposals(before, 'another', [proposal(1.5, 5)], adding)).toBe(before);
  });
});
