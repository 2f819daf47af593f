import { describe, expect, it } from 'vitest';
import { projectFromJson } from '../../src/codec/unpack';
import { nextUndo } from '../../src/session/history';
import { copyOf, duplicateObject, mergeWithPrevious, pasteObject } from '../../src/session/objects';
import { reachesBeyond, sharpenSelected } from '../../src/session/parts';
import { toProject } from '../../src/session/project';
import {
  activeImageOf,
  activeObjectOf,
  EMPTY_SESSION,
  pendingSteps,
  type Part,
  type SegmentObject,
  type Session,
} from '../../src/session/state';
import {
  addPrompt,
  newObject,
  openImage,
  recordResult,
  restoreObjects,
  undo,
  redo,
} from '../../src/session/transitions';
import { unwrap } from '../../src/shared/errors';
import type { PromptItem } from '../../src/shared/types';
import { click, stepResult } from '../samples';

const SIZE = { height: 40, width: 60 };
const PART: Part = [10, 5, 20, 15];
const FACTS = { keyOf: () => null, digestOf: () => null, timingsOf: () => ({}) };

const opened = openImage(EMPTY_SESSION, 'a.png', SIZE);
const given = (session: Session, prompt: PromptItem, here: Part | null): Session =>
  answered(addPrompt(session, prompt, 1, null, here));

function answered(session: Session): Session {
  const [pending] = pendingSteps(session, () => true);
  if (pending === undefined) return session;
  return answered(recordResult(session, pending.step.id, stepResult({ fill: 9, size: SIZE })));
}

function selected(session: Session): SegmentObject {
  const image = activeImageOf(session);
  const object = image && activeObjectOf(image);
  if (object === null) throw new Error('nothing is selected');
  return object;
}

const waiting = (session: Session): readonly (string | undefined)[] =>
  pendingSteps(session, () => true).map(({ embedded }) => embedded.part?.join());

describe('an object', () => {
  it('that is begun in the part that is embedded by itself is answered there', () => {
    const begun = addPrompt(opened, click(12, 8), 1, null, PART);
    expect([selected(begun).part, waiting(begun)]).toEqual([PART, ['10,5,20,15']]);
  });

  it.each<readonly [string, PromptItem]>([
    ['a click', click(40, 8)],
    ['a box', { kind: 'box', x0: 12, y0: 8, x1: 31, y1: 12 }],
    [
      'a stroke',
      {
        kind: 'scribble',
        points_xy: [
          [12, 8],
          [12, 21],
        ],
        label: 1,
      },
    ],
  ])('that is begun by %s beyond the part is answered on the whole photo', (_, prompt) => {
    expect(selected(addPrompt(opened, prompt, 1, null, PART)).part).toBeUndefined();
  });

  it('keeps its part when another one is embedded, and what is painted may lie anywhere', () => {
    const begun = given(opened, click(12, 8), PART);
    const later = given(begun, click(13, 8), [0, 0, 30, 30]);
    const stroke = { kind: 'paint', points_xy: [[50, 30]], radius: 2, label: 1 } as const;
    expect(selected(given(later, stroke, null)).part).toEqual(PART);
  });

  it('is answered again on a larger part that holds a prompt beyond its own', () => {
    const begun = given(opened, click(12, 8), PART);
    const grown = addPrompt(begun, click(40, 2), 1, null, PART);
    expect(selected(grown).part).toEqual([10, 0, 32, 20]);
    expect(selected(grown).steps.map(({ id }) => grown.results.has(id))).toEqual([false, false]);
    const undone = undo(grown);
    expect(selected(undone)).toBe(selected(begun));
    expect(waiting(undone)).toEqual([]);
  });

  it('is not stretched beyond the photo', () => {
    const begun = given(opened, click(12, 8), PART);
    expect(selected(addPrompt(begun, click(60, 40), 1)).part).toEqual([10, 5, 50, 35]);
  });
});

describe('sharpening', () => {
  it('has the prompts of the selected object answered on the part; undo brings the masks back, redo the part', () => {
    const before = given(opened, click(12, 8), null);
    const sharp = answered(sharpenSelected(before, PART));
    expect([selected(sharp).part, nextUndo(sharp)]).toEqual([PART, 'sharpening']);
    expect(selected(undo(sharp))).toBe(selected(before));
    expect(waiting(undo(sharp))).toEqual([]);
    expect(selected(redo(undo(sharp)))).toEqual(selected(sharp));
  });

  it('takes a part that holds all prompts, and says when the mask was larger', () => {
    const before = given(opened, click(2, 8), null);
    expect(selected(sharpenSelected(before, PART)).part).toEqual([0, 5, 30, 15]);
    expect(reachesBeyond(before, selected(before), PART)).toBe(true);
    expect(reachesBeyond(before, selected(before), [0, 0, 60, 40])).toBe(false);
  });

  it('leaves objects without prompts, and those that are sharp already', () => {
    expect(sharpenSelected(newObject(opened), PART).images[0]?.document.objects[0]?.part).toBeUndefined();
    const sharp = answered(sharpenSelected(given(opened, click(12, 8), null), PART));
    expect(sharpenSelected(sharp, PART)).toBe(sharp);
  });
});

describe('the part of an object', () => {
  const sharp = given(opened, click(12, 8), PART);

  it('goes with a duplicate and its masks, and with a copy to a photo of another size', () => {
    const duplicate = duplicateObject(sharp, 2);
    expect([selected(duplicate).part, waiting(duplicate)]).toEqual([PART, []]);
    const copied = copyOf(sharp);
    if (copied === null) throw new Error('nothing was copied');
    const other = openImage(sharp, 'b.png', { height: 20, width: 120 });
    expect(selected(pasteObject(other, copied, 3)).part).toEqual([20, 3, 40, 7]);
  });

  it('is gone after a merge, whose mask may lie anywhere', () => {
    const two = given(newObject(sharp), click(50, 30), null);
    expect(selected(mergeWithPrevious(two, 3)).part).toBeUndefined();
  });

  it('is saved and opened again, and an object of another part is answered again', () => {
    const [saved] = toProject(sharp, FACTS).images;
    const project = { type: 'project', protocol_version: 1, format: 1, images: [saved] };
    const [read] = unwrap(projectFromJson(JSON.parse(JSON.stringify(project)))).images;
    expect(read?.objects[0]?.roi_xywh).toEqual(PART);
    const fresh = restoreObjects(openImage(EMPTY_SESSION, 'a.png', SIZE), 'image-1', read?.objects ?? [], 1);
    expect(fresh.images[0]?.document.objects[0]?.part).toEqual(PART);
    expect(restoreObjects(sharp, 'image-1', read?.objects ?? [], 1)).toBe(sharp);
    const whole = (read?.objects ?? []).map((object) => ({ ...object, roi_xywh: null }));
    const back = restoreObjects(sharp, 'image-1', whole, 1);
    expect([back.images[0]?.document.objects[0]?.part, waiting(back)]).toEqual([undefined, [undefined]]);
  });
});
