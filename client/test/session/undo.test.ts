/** Undo and redo over random sessions. */
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { addClasses, classNamesOf, moveClass, setClassList, setColour } from '../../src/session/classes';
import {
  duplicateObject,
  mergeWithPrevious,
  pasteObject,
  selectAt,
  selectNeighbour,
  showAll,
  type CopiedObject,
} from '../../src/session/objects';
import { toProject } from '../../src/session/project';
import { markPhoto, notePhoto } from '../../src/session/review';
import { EMPTY_SESSION, nextPending, type Session } from '../../src/session/state';
import * as change from '../../src/session/transitions';
import { click, stepResult } from '../samples';

/** Milliseconds a test may take on a busy machine; it takes a hundredth. */
vi.setConfig({ testTimeout: 120_000 });

const SIZE = { height: 4, width: 6 };

const COPIED: CopiedObject = {
  prompts: [click(1, 1), click(2, 3, 0)],
  userLabel: 'copied',
  image: 'image-0',
  size: { height: 8, width: 3 },
};

const COLOURS = ['#ff0000', '#00ff00', null] as const;
const MARKS = ['done', 'checked', 'rejected', null] as const;

type Edit = (session: Session) => Session;

const objectsOf = (session: Session): readonly string[] =>
  session.images
    .filter(({ id }) => id === session.activeImage)
    .flatMap(({ document }) => document.objects.map(({ id }) => id));

const pick = <T>(items: readonly T[], index: number): T | undefined =>
  items[index % Math.max(items.length, 1)];

function withObject(index: number, edit: (session: Session, id: string) => Session): Edit {
  return (session) => {
    const id = pick(objectsOf(session), index);
    return id === undefined ? session : edit(session, id);
  };
}

function withImage(index: number, edit: (session: Session, id: string) => Session): Edit {
  return (session) => {
    const id = pick(session.images, index)?.id;
    return id === undefined ? session : edit(session, id);
  };
}

const answer: Edit = (session) => {
  const pending = nextPending(
    session,
    () => true,
    () => true,
  );
  if (pending === null) return session;
  return change.recordResult(
    session,
    pending.step.id,
    stepResult({ fill: Math.min(pending.prompts.length, 24), size: SIZE }),
  );
};

function removeStep(index: number): Edit {
  return withObject(index, (session, id) => {
    const object = session.images
      .flatMap(({ document }) => document.objects)
      .find((found) => found.id === id);
    return change.removePrompt(session, id, object?.steps[0]?.id ?? '');
  });
}

/** A project that was saved a moment ago, opened over what it was saved from after a change. */
function reopenProject(index: number): Edit {
  return withImage(index, (session, id) => {
    const at = session.images.findIndex((image) => image.id === id);
    const saved = projectOf(session).images[at]?.objects ?? [];
    const [first] = saved;
    const renamed = first ? [{ ...first, label: 'reopened', label_origin: 'user' as const }] : [];
    return change.restoreObjects(session, id, [...saved.slice(1), ...renamed], 0);
  });
}

const projectOf = (session: Session) =>
  toProject(session, { keyOf: () => null, digestOf: () => null, timingsOf: () => ({}) });

/** All that is saved, and what else a user sees. */
const seen = ({ images, activeImage, ...session }: Session): unknown => ({
  project: projectOf({ images, activeImage, ...session }),
  documents: images.map(({ id, document }) => ({ id, document })),
  activeImage,
});

const CHANGES = {
  close: (index) => withImage(index, change.closeImage),
  click: (index) => (session) => change.addPrompt(session, click(index, 1), index),
  new: () => change.newObject,
  delete: (index) => withObject(index, change.deleteObject),
  clear: () => change.clearImage,
  label: (index, label) => withObject(index, (session, id) => change.relabel(session, id, label)),
  hide: (index) => withObject(index, change.toggleVisible),
  remove: removeStep,
  reopen: reopenProject,
  duplicate: (index) => (session) => duplicateObject(session, index),
  paste: (index) => (session) => pasteObject(session, COPIED, index),
  'show all': () => showAll,
  merge: (index) => (session) => mergeWithPrevious(session, index),
  mark: (index) => (session) => markPhoto(session, MARKS[index % MARKS.length] ?? null),
  note: (_, label) => (session) => notePhoto(session, label),
  'new class': (_, label) => (session) => addClasses(session, [label]),
  'move class': (index) => (session) => moveClass(session, pick(classNamesOf(session), index) ?? '', 1),
  'class names': (index, label) => (session) =>
    setClassList(session, { names: [label, 'b'], isVocabulary: index % 2 === 0 }, 'class names'),
  'class colour': (index, label) => (session) =>
    setColour(session, pick(classNamesOf(session), index) ?? label, COLOURS[index % COLOURS.length] ?? null),
} satisfies Record<string, MakeEdit>;

const OTHERS = {
  open: (_, label) => (session) => change.openImage(session, `${label}.jpg`, SIZE),
  activate: (index) => withImage(index, change.activateImage),
  answer: () => answer,
  select: (index) => withObject(index, change.selectObject),
  'select next': (index) => (session) => selectNeighbour(session, index % 2 === 0 ? 1 : -1),
  'select at': (index) => (session) => selectAt(session, { x: 0.5, y: index + 0.5 }),
  undo: () => change.undo,
  redo: () => change.redo,
} satisfies Record<string, MakeEdit>;

type MakeEdit = (index: number, label: string) => Edit;

const editsOf = (table: Readonly<Record<string, MakeEdit>>, often: readonly string[]): fc.Arbitrary<Edit> =>
  fc
    .record({
      kind: fc.constantFrom(...Object.keys(table), ...often),
      index: fc.nat(5),
      label: fc.string({ maxLength: 6 }),
    })
    .map(({ kind, index, label }) => table[kind]?.(index, label) ?? ((session) => session));

const changes = editsOf(CHANGES, ['click', 'click']);
const edits = editsOf({ ...CHANGES, ...OTHERS }, ['click', 'click', 'answer', 'undo']);

const sessions = fc
  .array(edits, { maxLength: 60 })
  .map((list) =>
    list.reduce<Session>((session, edit) => edit(session), change.openImage(EMPTY_SESSION, 'a.jpg', SIZE)),
  );

it('undo then redo is the identity of all that is saved and seen', () => {
  fc.assert(
    fc.property(sessions, fc.integer({ min: 1, max: 8 }), (session, times) => {
      const states = [session];
      for (let count = 0; count < times; count++) {
        const before = states.at(-1) ?? session;
        const undone = change.undo(before);
        if (undone === before) break;
        states.push(undone);
      }
      let back = states.at(-1) ?? session;
      for (const state of states.slice(0, -1).reverse()) {
        back = change.redo(back);
        expect(seen(back)).toEqual(seen(state));
      }
    }),
    { numRuns: 500 },
  );
});

it('redo then undo is the identity too', () => {
  fc.assert(
    fc.property(sessions, (session) => {
      const redone = change.redo(session);
      if (redone !== session) expect(seen(change.undo(redone))).toEqual(seen(session));
    }),
    { numRuns: 500 },
  );
});

it('every change is taken back by one undo', () => {
  fc.assert(
    fc.property(sessions, changes, (session, edit) => {
      const changed = edit(session);
      // What a project changes on a photo that is not shown is undone there.
      if (!shownChanged(session, changed)) return;
      expect(projectOf(change.undo(changed))).toEqual(projectOf(session));
    }),
    { numRuns: 500 },
  );
});

/** Whether the photo that is shown or the class list was changed, or a photo was closed. */
function shownChanged(before: Session, after: Session): boolean {
  const shown = ({ images, activeImage }: Session): unknown => images.find(({ id }) => id === activeImage);
  const isClosed = after.images.length < before.images.length;
  return isClosed || after.classList !== before.classList || shown(before) !== shown(after);
}

it('objects are never doubled, numbered alike, or active where there is none', () => {
  fc.assert(
    fc.property(sessions, (session) => {
      const all = session.images.flatMap(({ document }) => document.objects.map(({ id }) => id));
      expect(new Set(all).size).toBe(all.length);
      for (const { document, nextNumber } of session.images) {
        const numbers = document.objects.map(({ number }) => number);
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(Math.max(0, ...numbers)).toBeLessThan(nextNumber);
        const isThere = document.objects.some(({ id }) => id === document.activeObject);
        expect(document.activeObject === null || isThere).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

it('results are kept of what can be reached', () => {
  fc.assert(
    fc.property(sessions, (session) => {
      const open = session.images.flatMap((image) => [
        image.document,
        ...[...image.undo, ...image.redo].flatMap(({ before, after }) => [before, after]),
      ]);
      const closed = session.closed.map(({ image }) => image.document);
      const steps = [...open, ...closed].flatMap(({ objects }) => objects.flatMap((object) => object.steps));
      const reachable = new Set(steps.map(({ id }) => id));
      expect([...session.results.keys()].filter((id) => !reachable.has(id))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
