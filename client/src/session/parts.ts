/** Parts of a photo that are embedded by themselves, in full detail, and the objects whose prompts are answered there. */
import { rowOf } from '../shared/prompt/kinds';
import { rleBounds } from '../shared/rle';
import type { PromptItem, SizeHw } from '../shared/types';
import { unanswered } from './canvas';
import { commit } from './history';
import {
  activeImageOf,
  activeObjectOf,
  resultOf,
  type Part,
  type SegmentObject,
  type Session,
} from './state';

/** Around what a part grows to hold, of its longer side. */
const MARGIN = 0.1;

/** An object whose prompts are answered on this part, or on all of the photo. */
export function onPart(object: SegmentObject, part: Part | null): SegmentObject {
  const whole: SegmentObject & { part?: Part } = { ...object };
  delete whole.part;
  return part === null ? whole : { ...whole, part };
}

/** Whether all places that the decoder is told of lie in a part. */
export const holds = ([left, top, width, height]: Part, prompt: PromptItem): boolean =>
  rowOf(prompt)
    .places(prompt)
    .every(([x, y]) => x >= left && y >= top && x <= left + width && y <= top + height);

/**
 * The object before a prompt is given to it: one without prompts begins in the part that is embedded just now, and a
 * part grows to hold what is given. What was answered on a smaller part is answered again.
 */
export function madeReadyFor(
  object: SegmentObject,
  prompt: PromptItem,
  { size, here, nextId }: { readonly size: SizeHw; readonly here: Part | null; readonly nextId: number },
): { readonly object: SegmentObject; readonly nextId: number } {
  if (object.steps.length === 0)
    return { object: onPart(object, here !== null && holds(here, prompt) ? here : null), nextId };
  if (object.part === undefined || holds(object.part, prompt)) return { object, nextId };
  const { objects, nextId: next } = unanswered([object], nextId);
  const grown = grownTo(object.part, rowOf(prompt).places(prompt), size);
  return { object: onPart(objects[0] ?? object, grown), nextId: next };
}

/** Have the prompts of the selected object answered on this part, which grows to hold them. */
export function sharpenSelected(session: Session, part: Part): Session {
  const image = activeImageOf(session);
  const object = image && activeObjectOf(image);
  if (image === null || object === null || object.steps.length === 0 || object.isLocked === true)
    return session;
  const places = object.steps.flatMap(({ prompt }) => rowOf(prompt).places(prompt));
  const grown = grownTo(part, places, image.size);
  if (grown.join() === object.part?.join()) return session;
  const { objects, nextId } = unanswered([object], session.nextId);
  const sharper = onPart(objects[0] ?? object, grown);
  return commit({ ...session, nextId }, image, 'sharpening', {
    ...image.document,
    objects: image.document.objects.map((other) => (other === object ? sharper : other)),
  });
}

/** Whether an object's mask reaches beyond the part that its prompts are answered on. */
export function reachesBeyond(session: Session, object: SegmentObject, part: Part): boolean {
  const result = resultOf(session, object);
  if (result === null || result.area === 0) return false;
  const [left, top, width, height] = rleBounds(result.mask);
  return !(
    left >= part[0] &&
    top >= part[1] &&
    left + width <= part[0] + part[2] &&
    top + height <= part[1] + part[3]
  );
}

/** The smallest part that holds a part and, with a margin, those of some places that lie beyond it. */
export function grownTo(part: Part, places: readonly (readonly [number, number])[], size: SizeHw): Part {
  const [left, top, width, height] = part;
  const margin = MARGIN * Math.max(width, height);
  const spread = (from: number, length: number, at: readonly number[], end: number): [number, number] => {
    const before = at.filter((place) => place < from).map((place) => place - margin);
    const after = at.filter((place) => place > from + length).map((place) => place + margin);
    const first = Math.max(0, Math.floor(Math.min(from, ...before)));
    return [first, Math.min(end, Math.ceil(Math.max(from + length, ...after))) - first];
  };
  const columns = places.map(([x]) => x);
  const rows = places.map(([, y]) => y);
  const [x, w] = spread(left, width, columns, size.width);
  const [y, h] = spread(top, height, rows, size.height);
  return [x, y, w, h];
}

/** The same part of a photo of another size. */
export function scaledPart([left, top, width, height]: Part, from: SizeHw, to: SizeHw): Part {
  const along = (first: number, length: number, scale: number, end: number): [number, number] => {
    const begin = Math.min(Math.round(first * scale), end - 1);
    return [begin, Math.max(1, Math.min(Math.round((first + length) * scale), end) - begin)];
  };
  const [x, w] = along(left, width, to.width / from.width, to.width);
  const [y, h] = along(top, height, to.height / from.height, to.height);
  return [x, y, w, h];
}
