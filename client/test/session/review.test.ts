import { describe, expect, it } from 'vitest';
import { toProject } from '../../src/session/project';
import { awaitedImages } from '../../src/session/matching';
import { markPhoto, nextToDo, notePhoto, stateOf, type PhotoState } from '../../src/session/review';
import { activeImageOf, EMPTY_SESSION, type Session } from '../../src/session/state';
import * as change from '../../src/session/transitions';
import { click } from '../samples';

const SIZE = { height: 4, width: 6 };

const opened = (...names: readonly string[]): Session =>
  names.reduce<Session>((session, name) => change.openImage(session, name, SIZE), EMPTY_SESSION);

function state(session: Session): PhotoState | null {
  const image = activeImageOf(session);
  return image && stateOf(image);
}

const imagesOf = (session: Session) =>
  toProject(session, { keyOf: () => null, digestOf: () => null, timingsOf: () => ({}) }).images;

describe('the state of a photo', () => {
  it('is to do, then begun, then what the user says', () => {
    const session = opened('a.jpg');
    expect(state(session)).toBe('todo');
    expect(state(change.newObject(session))).toBe('todo');
    const begun = change.addPrompt(session, click(1, 1), 0);
    expect(state(begun)).toBe('begun');
    const done = markPhoto(begun, 'done');
    expect(state(done)).toBe('done');
    expect(state(markPhoto(done, null))).toBe('begun');
    expect(state(change.clearImage(done))).toBe('done');
  });

  it('is saved with its note, and says nothing while nothing was said', () => {
    const [said] = imagesOf(notePhoto(markPhoto(opened('a.jpg'), 'rejected'), '  out of focus '));
    expect(said).toMatchObject({ state: 'rejected', note: 'out of focus' });
    const [silent] = imagesOf(change.addPrompt(opened('a.jpg'), click(1, 1), 0));
    expect(Object.keys(silent ?? {})).not.toContain('state');
    expect(Object.keys(silent ?? {})).not.toContain('note');
  });

  it('is restored from a project, also of photos without objects, and undone', () => {
    const saved = imagesOf(notePhoto(markPhoto(opened('a.jpg', 'b.jpg'), 'checked'), 'good'));
    expect(awaitedImages(saved, 1).map((image) => image.saved.name)).toEqual(['b.jpg']);
    const session = opened('b.jpg');
    const restored = change.restoreObjects(session, session.images[0]?.id ?? '', [], 0, saved[1]);
    expect(restored.images[0]?.document.review).toEqual({ mark: 'checked', note: 'good' });
    expect(state(change.undo(restored))).toBe('todo');
    expect(change.restoreObjects(restored, restored.images[0]?.id ?? '', [], 0, saved[1])).toBe(restored);
  });

  it('that is said again is no change', () => {
    const done = notePhoto(markPhoto(opened('a.jpg'), 'done'), 'x');
    expect(markPhoto(done, 'done')).toBe(done);
    expect(notePhoto(done, ' x ')).toBe(done);
  });
});

describe('the next photo to do', () => {
  const names = (session: Session): string | undefined =>
    session.images.find(({ id }) => id === nextToDo(session))?.name;
  const show = (session: Session, index: number): Session =>
    change.activateImage(session, session.images[index]?.id ?? '');

  it('is the next that is not done, and after the last the first', () => {
    const session = markPhoto(show(opened('a', 'b', 'c'), 1), 'done');
    expect(names(show(session, 0))).toBe('c');
    expect(names(show(session, 2))).toBe('a');
  });

  it('is one that was begun, too, but none that was rejected', () => {
    const rejected = markPhoto(show(opened('a', 'b', 'c'), 1), 'rejected');
    const begun = change.addPrompt(show(rejected, 2), click(1, 1), 0);
    expect(names(show(begun, 0))).toBe('c');
  });

  it('is none when all others are done', () => {
    const session = markPhoto(opened('a', 'b'), 'done');
    expect(names(show(session, 0))).toBeUndefined();
  });
});
