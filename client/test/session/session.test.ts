import { describe, expect, it } from 'vitest';
import { nextRedo, nextUndo } from '../../src/session/history';
import { toProject, type ProjectFacts } from '../../src/session/project';
import {
  activeImageOf,
  activeObjectOf,
  EMPTY_SESSION,
  hasStep,
  labelOf,
  nextPending,
  resultOf,
  type ImageState,
  type Session,
} from '../../src/session/state';
import * as change from '../../src/session/transitions';
import { MAX_TEXT_BYTES } from '../../src/shared/reading/limits';
import { click, stepResult } from '../samples';

const SIZE = { height: 4, width: 6 };

const opened = (): Session => change.openImage(EMPTY_SESSION, 'cat.jpg', SIZE);

function image(session: Session): ImageState {
  const active = activeImageOf(session);
  if (active === null) throw new Error('no image');
  return active;
}

const stepIds = (session: Session): string[] =>
  image(session).document.objects.flatMap((object) => object.steps.map(({ id }) => id));

/** Answer every waiting step, each with a mask of its own. */
function answerAll(session: Session): Session {
  const pending = nextPending(
    session,
    () => true,
    () => true,
  );
  if (pending === null) return session;
  const result = stepResult({ fill: pending.prompts.length, size: SIZE });
  return answerAll(change.recordResult(session, pending.step.id, result));
}

const prompted = (session: Session, ...xs: number[]): Session =>
  answerAll(xs.reduce((state, x) => change.addPrompt(state, click(x, 1), x), session));

describe('prompts', () => {
  it('make an object when there is none, and go to the active one after that', () => {
    const session = prompted(opened(), 1, 2);
    expect(image(session).document.objects).toHaveLength(1);
    expect(stepIds(session)).toHaveLength(2);
  });

  it('go to another object after New object', () => {
    const session = prompted(change.newObject(prompted(opened(), 1)), 2);
    expect(image(session).document.objects.map(({ number, steps }) => [number, steps.length])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  it('that are taken back leave the others, of which the later ones are done again', () => {
    const before = prompted(opened(), 1, 2, 3);
    const [object] = image(before).document.objects;
    const [first, second, third] = stepIds(before);
    const after = change.removePrompt(before, object?.id ?? '', second ?? '');
    expect(stepIds(after)[0]).toBe(first);
    expect(stepIds(after)).toHaveLength(2);
    expect(stepIds(after)[1]).not.toBe(third);
    expect(
      nextPending(
        after,
        () => true,
        () => true,
      )?.prompts,
    ).toEqual([click(1, 1), click(3, 1)]);
    expect(stepIds(change.undo(after))).toEqual([first, second, third]);
    expect(
      nextPending(
        change.undo(after),
        () => true,
        () => true,
      ),
    ).toBeNull();
  });

  it('after a delete begin another object, and alter none of the others', () => {
    const session = prompted(change.newObject(prompted(opened(), 1)), 2);
    const [first, second] = image(session).document.objects;
    const clicked = prompted(change.deleteObject(session, second?.id ?? ''), 3);
    expect(image(clicked).document.objects[0]).toBe(first);
    expect(image(clicked).document.objects.map(({ number }) => number)).toEqual([1, 3]);
    const kept = prompted(change.deleteObject(session, first?.id ?? ''), 3);
    expect(image(kept).document.objects.map(({ steps }) => steps.length)).toEqual([2]);
  });

  it('do nothing without an image', () => {
    expect(change.addPrompt(EMPTY_SESSION, click(1, 1), 0)).toBe(EMPTY_SESSION);
  });

  it('New object twice makes one empty object', () => {
    const session = change.newObject(change.newObject(opened()));
    expect(image(session).document.objects).toHaveLength(1);
  });
});

describe('pending steps', () => {
  it('come in the order in which they were given, with the memory of the step before', () => {
    const waiting = change.addPrompt(prompted(opened(), 1), click(2, 2), 2);
    const pending = nextPending(
      waiting,
      () => true,
      () => true,
    );
    expect(pending?.prompts).toEqual([click(1, 1), click(2, 2)]);
    const [first] = stepIds(waiting);
    expect(pending?.previous).toBe(waiting.results.get(first ?? ''));
  });

  it('wait for the steps before them', () => {
    const waiting = change.addPrompt(change.addPrompt(opened(), click(1, 1), 1), click(2, 2), 2);
    const pending = nextPending(
      waiting,
      () => true,
      () => true,
    );
    expect(pending?.prompts).toHaveLength(1);
    expect(pending?.previous).toBeNull();
  });

  it('of images that cannot be decoded yet are left', () => {
    const waiting = change.addPrompt(opened(), click(1, 1), 1);
    expect(
      nextPending(
        waiting,
        () => true,
        () => false,
      ),
    ).toBeNull();
  });

  it('are oldest first across objects', () => {
    let session = change.addPrompt(opened(), click(1, 1), 10);
    session = change.addPrompt(change.newObject(session), click(2, 2), 5);
    expect(
      nextPending(
        session,
        () => true,
        () => true,
      )?.step.givenAt,
    ).toBe(5);
  });

  it('are those of the photo that is shown first, before older ones of a project that was opened', () => {
    const older = change.addPrompt(opened(), click(1, 1), 1);
    const shown = change.openImage(older, 'dog.jpg', SIZE);
    const session = change.addPrompt(shown, click(2, 2), 2);
    const next = nextPending(
      session,
      () => true,
      () => true,
    );
    expect(next?.imageId).toBe(session.activeImage);
    expect(
      nextPending(
        answerAll(session),
        () => true,
        () => true,
      ),
    ).toBeNull();
  });
});

describe('undo and redo', () => {
  it('restore masks and memories, the very same ones', () => {
    const session = prompted(opened(), 1, 2, 3);
    const results = [...session.results.values()];
    const undone = change.undo(session);
    const object = activeObjectOf(image(undone));
    expect(object && resultOf(undone, object)).toBe(results[1]);
    const redone = change.redo(undone);
    const again = activeObjectOf(image(redone));
    expect(again && resultOf(redone, again)).toBe(results[2]);
  });

  it('restore after steps that were undone before their answer came', () => {
    const waiting = change.addPrompt(prompted(opened(), 1), click(2, 2), 2);
    const [, late] = stepIds(waiting);
    const undone = change.recordResult(change.undo(waiting), late ?? '', stepResult({ fill: 2, size: SIZE }));
    expect(hasStep(undone, late ?? '')).toBe(false);
    expect(
      nextPending(
        change.redo(undone),
        () => true,
        () => true,
      ),
    ).toBeNull();
  });

  it('of a cleared image bring everything back', () => {
    const session = prompted(change.newObject(prompted(opened(), 1)), 2);
    const cleared = change.clearImage(session);
    expect(image(cleared).document.objects).toEqual([]);
    expect(image(change.undo(cleared)).document).toEqual(image(session).document);
  });

  it('of a deleted object bring it back where it was', () => {
    const session = prompted(change.newObject(prompted(opened(), 1)), 2);
    const [first] = image(session).document.objects;
    const deleted = change.deleteObject(session, first?.id ?? '');
    expect(image(deleted).document.objects).toHaveLength(1);
    expect(image(change.undo(deleted)).document).toEqual(image(session).document);
  });

  it('nothing can be redone after another change', () => {
    const session = prompted(change.undo(prompted(opened(), 1, 2)), 3);
    expect(image(session).redo).toEqual([]);
    expect(change.redo(session)).toEqual(session);
  });

  it('do not touch other images', () => {
    const session = prompted(change.openImage(prompted(opened(), 1), 'dog.jpg', SIZE), 2);
    const undone = change.undo(session);
    expect(undone.images[0]).toBe(session.images[0]);
  });

  it('at the ends do nothing', () => {
    const session = opened();
    expect(change.undo(session)).toBe(session);
    expect(change.redo(session)).toBe(session);
  });

  it('forget the results that nothing leads to', () => {
    const session = prompted(opened(), ...Array.from({ length: 3 }, (_, i) => i));
    const forgotten = prompted(change.undo(session), 9);
    expect(forgotten.results.size).toBe(3);
  });

  it('have no limit, and their cost does not grow with what was done before', { timeout: 30_000 }, () => {
    const times = 2000;
    const session = prompted(opened(), ...Array.from({ length: times }, (_, i) => i));
    let undone = session;
    for (let count = 0; count < times; count++) undone = change.undo(undone);
    expect(image(undone).document.objects).toEqual([]);
    let redone = undone;
    for (let count = 0; count < times; count++) redone = change.redo(redone);
    expect(image(redone).document).toEqual(image(session).document);
    expect(redone.results).toEqual(session.results);
  });
});

describe('labels', () => {
  it('are the model’s until the user gives one, and again when it is emptied', () => {
    const session = prompted(opened(), 1);
    const id = image(session).document.objects[0]?.id ?? '';
    const labels = [session, change.relabel(session, id, ' Tom '), change.relabel(session, id, ' ')].map(
      (state) => {
        const [object] = image(state).document.objects;
        return object && labelOf(state, object);
      },
    );
    expect(labels).toEqual([
      { text: 'cat', origin: 'model' },
      { text: 'Tom', origin: 'user' },
      { text: 'cat', origin: 'model' },
    ]);
  });

  it('are no longer than what a project takes, and valid text', () => {
    const session = prompted(opened(), 1);
    const id = image(session).document.objects[0]?.id ?? '';
    const label =
      image(change.relabel(session, id, `\ud800${'🐈'.repeat(5000)}`)).document.objects[0]?.userLabel ?? '';
    expect(label).toBe('🐈'.repeat(1000));
    expect(new TextEncoder().encode(label).length).toBeLessThanOrEqual(MAX_TEXT_BYTES);
  });

  it('of a photo that is no longer shown are kept', () => {
    const session = prompted(opened(), 1);
    const id = image(session).document.objects[0]?.id ?? '';
    const named = change.relabel(change.openImage(session, 'dog.jpg', SIZE), id, 'Tom');
    expect(named.images[0]?.document.objects[0]?.userLabel).toBe('Tom');
    expect(named.images[1]?.undo).toEqual([]);
  });

  it('can be undone', () => {
    const session = prompted(opened(), 1);
    const id = image(session).document.objects[0]?.id ?? '';
    expect(image(change.undo(change.relabel(session, id, 'Tom'))).document).toEqual(image(session).document);
  });
});

describe('images', () => {
  it('close to a neighbour', () => {
    const session = prompted(change.openImage(prompted(opened(), 1), 'dog.jpg', SIZE), 2);
    const closed = change.closeImage(session, session.activeImage ?? '');
    expect(closed.activeImage).toBe(session.images[0]?.id);
    expect(change.closeImage(closed, closed.activeImage ?? '').activeImage).toBeNull();
  });

  it('come back by undo however many were closed', () => {
    let session = EMPTY_SESSION;
    for (let count = 0; count < 9; count++) {
      session = prompted(change.openImage(session, `${count}.jpg`, SIZE), count);
      session = change.closeImage(session, session.activeImage ?? '');
    }
    // Between two closings lies the prompt on the photo that was closed last.
    for (let count = 0; count < 17; count++) session = change.undo(session);
    expect(session.images.map(({ name }) => name).sort()).toEqual(Array.from('012345678', (n) => `${n}.jpg`));
  });

  it('that are closed come back where they were by undo, with their masks and their own undo', () => {
    let session = prompted(change.openImage(prompted(opened(), 1), 'dog.jpg', SIZE), 2, 3);
    const [first, second] = session.images;
    session = change.closeImage(change.activateImage(session, first?.id ?? ''), first?.id ?? '');
    expect(nextUndo(session)).toBe('closing cat.jpg');
    const undone = change.undo(session);
    expect(undone.images).toEqual([first, second]);
    expect(undone.activeImage).toBe(first?.id);
    expect(nextRedo(undone)).toBe('closing cat.jpg');
    expect(change.undo(undone).images[0]?.document.objects).toEqual([]);
    const closedAgain = change.redo(undone);
    expect(closedAgain.images).toEqual([second]);
    expect(closedAgain.activeImage).toBe(second?.id);
    expect(change.undo(closedAgain).images).toEqual([first, second]);
  });

  it('come back although no other photo is open', () => {
    const session = prompted(opened(), 1);
    const closed = change.closeImage(session, session.activeImage ?? '');
    expect(change.undo(closed).images).toEqual(session.images);
  });

  it('are closed by redo only until something else is changed', () => {
    const session = prompted(opened(), 1);
    const reopened = change.undo(change.closeImage(session, session.activeImage ?? ''));
    expect(nextRedo(prompted(reopened, 2))).toBeNull();
  });

  it('undo the later change first: one of the photo shown, or the closing of another', () => {
    const two = prompted(change.openImage(prompted(opened(), 1), 'dog.jpg', SIZE), 2);
    const changed = prompted(change.closeImage(two, two.images[0]?.id ?? ''), 3);
    expect(nextUndo(changed)).toBe('click');
    expect(nextUndo(change.undo(changed))).toBe('closing cat.jpg');
  });
});

describe('hidden objects', () => {
  it('are a change of the document that can be undone', () => {
    const session = prompted(opened(), 1);
    const id = image(session).document.objects[0]?.id ?? '';
    const hidden = change.toggleVisible(session, id);
    expect([...image(hidden).document.hidden]).toEqual([id]);
    expect([...image(change.toggleVisible(hidden, id)).document.hidden]).toEqual([]);
    expect(image(change.undo(hidden)).document).toEqual(image(session).document);
    expect([...image(change.redo(change.undo(hidden))).document.hidden]).toEqual([id]);
  });

  it('are changed by no prompt that the user does not see', () => {
    const session = prompted(opened(), 1);
    const id = image(session).document.objects[0]?.id ?? '';
    const hidden = change.toggleVisible(session, id);
    expect(image(prompted(hidden, 2)).document.objects.map(({ steps }) => steps.length)).toEqual([1, 1]);
    const chosen = prompted(change.selectObject(hidden, id), 2);
    expect(image(chosen).document.objects.map(({ steps }) => steps.length)).toEqual([2]);
    expect([...image(chosen).document.hidden]).toEqual([]);
  });
});

const factsOf = (key: string | null): ProjectFacts => ({
  keyOf: () => key,
  digestOf: () => null,
  timingsOf: () => ({ total: 7 }),
});

describe('projects', () => {
  it('hold prompts, mask, label, score and timings of each object', () => {
    const session = prompted(opened(), 1, 2);
    const project = toProject(session, factsOf('ab'.repeat(16)));
    expect(project).toMatchObject({
      type: 'project',
      protocol_version: 1,
      format: 1,
      images: [{ name: 'cat.jpg', size_hw: [4, 6], key: 'ab'.repeat(16) }],
    });
    const [object] = project.images[0]?.objects ?? [];
    expect(object).toMatchObject({ prompts: [click(1, 1), click(2, 1)], label: 'cat', score: 3 });
    expect(object?.mask).toEqual({ size: [4, 6], counts: [0, 2, 22] });
    expect(Object.keys(object?.timings ?? {})).toEqual(['total']);
  });

  it('leave empty objects out, and have no key before the embedding', () => {
    const [saved] = toProject(change.newObject(opened()), factsOf('')).images;
    expect(saved).toMatchObject({ key: null, objects: [] });
  });

  it('are replayed into an image as one change', () => {
    const session = prompted(change.newObject(prompted(opened(), 1, 2)), 3);
    const [saved] = toProject(session, factsOf(null)).images;
    const target = opened();
    const restored = change.restoreObjects(target, target.activeImage ?? '', saved?.objects ?? [], 7);
    expect(image(restored).undo).toHaveLength(1);
    const answered = toProject(answerAll(restored), factsOf(null));
    expect(answered.images[0]?.objects.map(({ mask }) => mask)).toEqual(
      saved?.objects.map(({ mask }) => mask),
    );
  });
});
