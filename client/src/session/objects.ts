/** What is done with whole objects: finding, selecting, showing, copying them. */
import { painted, runsOf } from '../shared/prompt/brush';
import { MAX_MASK_PIXELS, MAX_SMOOTHING } from '../shared/reading/limits';
import { resizedRle, rleContains } from '../shared/rle';
import type { PointXy, PromptItem, SizeHw } from '../shared/types';
import { commit, replaceImage } from './history';
import {
  activeImageOf,
  activeObjectOf,
  resultOf,
  type ImageId,
  type SegmentObject,
  type Session,
  type Step,
} from './state';
import { masksOf } from './overlap';
import { onPart, scaledPart } from './parts';
import { withNewObject } from './transitions';

/** What another photo takes of an object. */
export interface CopiedObject extends Likeness {
  readonly prompts: readonly PromptItem[];
  /** The photo that it is from. */
  readonly image: ImageId;
  readonly size: SizeHw;
}

/** What a copy has of an object beside its prompts. A copy is never locked. */
type Likeness = Pick<SegmentObject, 'userLabel' | 'group' | 'attributes' | 'part'>;

const likenessOf = ({ userLabel, group, attributes, part }: Likeness): Likeness => ({
  userLabel,
  ...(part !== undefined && { part }),
  ...(group !== undefined && { group }),
  ...(attributes !== undefined && { attributes }),
});

/** The object whose mask is on top at a place of the photo that is shown; null where none is seen. */
export function objectAt(session: Session, { x, y }: PointXy): SegmentObject | null {
  const document = activeImageOf(session)?.document;
  if (document === undefined) return null;
  const masks = masksOf(session, document);
  const found = document.objects.findLast(({ id }) => {
    const mask = masks.get(id);
    return !document.hidden.has(id) && mask !== undefined && rleContains(mask, x, y);
  });
  return found ?? null;
}

/** Select the object at a place of the photo; where there is none, the next prompt begins one. */
export function selectAt(session: Session, at: PointXy): Session {
  const image = activeImageOf(session);
  if (image === null) return session;
  const document = { ...image.document, activeObject: objectAt(session, at)?.id ?? null };
  return replaceImage(session, { ...image, document });
}

/** Select nothing: the next prompt begins another object. */
export function deselect(session: Session): Session {
  const image = activeImageOf(session);
  if (image?.document.activeObject == null) return session;
  return replaceImage(session, { ...image, document: { ...image.document, activeObject: null } });
}

/** Accept the selected object if it has one prompt, which says all of it: the next prompt begins another. */
export function acceptBegun(session: Session): Session {
  const image = activeImageOf(session);
  const [first, ...others] = (image && activeObjectOf(image)?.steps) ?? [];
  return first !== undefined && others.length === 0 && isWhole(first.prompt) ? deselect(session) : session;
}

/** Clicks and strokes are corrected by others. */
const WHOLE: ReadonlySet<string> = new Set(['box', 'polygon', 'mask', 'text', 'example']);

/** Negative ones take something from an object. */
const isWhole = (prompt: PromptItem): boolean =>
  WHOLE.has(prompt.kind) && !('label' in prompt && prompt.label === 0);

/** Select the object after (1) or before (-1) the selected one; after the last comes the first. */
export function selectNeighbour(session: Session, by: -1 | 1): Session {
  const image = activeImageOf(session);
  const { objects = [], activeObject } = image?.document ?? {};
  if (image === null || objects.length === 0) return session;
  const index = objects.findIndex(({ id }) => id === activeObject);
  const next = objects.at(index < 0 && by < 0 ? -1 : (index + by) % objects.length);
  const document = { ...image.document, activeObject: next?.id ?? null };
  return replaceImage(session, { ...image, document });
}

/** Show all objects of the photo that is shown. */
export function showAll(session: Session): Session {
  const image = activeImageOf(session);
  if (image === null || image.document.hidden.size === 0) return session;
  return commit(session, image, 'show all objects', { ...image.document, hidden: new Set() });
}

/** What can be copied of the selected object; null without one that has prompts. */
export function copyOf(session: Session): CopiedObject | null {
  const image = activeImageOf(session);
  const object = image && activeObjectOf(image);
  if (image === null || object === null || object.steps.length === 0) return null;
  return {
    prompts: object.steps.map(({ prompt }) => prompt),
    ...likenessOf(object),
    image: image.id,
    size: image.size,
  };
}

/**
 * Another object with the same prompts; on a photo of another size they are at the same parts of it. Groups are of one
 * photo, so on another one it belongs to none.
 */
export function pasteObject(session: Session, copied: CopiedObject, givenAt: number): Session {
  const image = activeImageOf(session);
  if (image === null || copied.prompts.length === 0) return session;
  const prompts = copied.prompts.map((prompt) => scaled(prompt, copied.size, image.size));
  const { group, part, ...others } = likenessOf(copied);
  const like = {
    ...others,
    ...(part !== undefined && { part: scaledPart(part, copied.size, image.size) }),
    ...(copied.image === image.id && group !== undefined && { group }),
  };
  return withCopy(session, 'paste object', prompts, like, givenAt).session;
}

/** Another object like the selected one, with its masks. */
export function duplicateObject(session: Session, givenAt: number): Session {
  const image = activeImageOf(session);
  const object = image && activeObjectOf(image);
  if (object === null || object.steps.length === 0) return session;
  const prompts = object.steps.map(({ prompt }) => prompt);
  const copied = withCopy(session, 'duplicate object', prompts, object, givenAt);
  // The same prompts on the same photo have the same answers.
  const answers = object.steps.flatMap(({ id }, index) => {
    const [step, result] = [copied.steps[index], session.results.get(id)];
    return step && result ? [[step.id, result] as const] : [];
  });
  return { ...copied.session, results: new Map([...copied.session.results, ...answers]) };
}

/**
 * Make one object of the selected one and of that before it in the list, which keeps its place, number and label. It
 * begins with both masks together; the session stays where one of them has no final mask yet.
 */
export function mergeWithPrevious(session: Session, givenAt: number): Session {
  const image = activeImageOf(session);
  const { objects = [], activeObject = null } = image?.document ?? {};
  const index = objects.findIndex(({ id }) => id === activeObject);
  const [before, selected] = [objects[index - 1], objects[index]];
  if (image === null || before === undefined || selected === undefined) return session;
  const [first, second] = [resultOf(session, before), resultOf(session, selected)];
  if (before.isLocked === true || selected.isLocked === true) return session;
  if (first?.isDraft !== false || second?.isDraft !== false) return session;
  const prompt = { kind: 'mask', ...painted(first.mask, runsOf(second.mask), 1) } as const;
  const merged: SegmentObject = {
    ...onPart(before, null),
    userLabel: before.userLabel ?? selected.userLabel,
    steps: [{ id: `step-${session.nextId}`, prompt, givenAt }],
  };
  return commit({ ...session, nextId: session.nextId + 1 }, image, 'merge objects', {
    ...image.document,
    objects: objects.flatMap((object) =>
      object === before ? [merged] : object === selected ? [] : [object],
    ),
    activeObject: merged.id,
    hidden: new Set([...image.document.hidden].filter((id) => id !== before.id && id !== selected.id)),
  });
}

function withCopy(
  session: Session,
  what: string,
  prompts: readonly PromptItem[],
  like: Likeness,
  givenAt: number,
): { readonly session: Session; readonly steps: readonly Step[] } {
  const image = activeImageOf(session);
  if (image === null) return { session, steps: [] };
  const steps = prompts.map((prompt, index) => ({ id: `step-${session.nextId + index}`, prompt, givenAt }));
  const { image: numbered, document } = withNewObject(image, like.userLabel);
  const objects = document.objects.map((object): SegmentObject =>
    object.id === document.activeObject ? { ...object, ...likenessOf(like), steps } : object,
  );
  const counted = { ...session, nextId: session.nextId + steps.length };
  return { session: commit(counted, numbered, what, { ...document, objects }), steps };
}

/** A prompt at the same part of a photo of another size. */
function scaled(prompt: PromptItem, from: SizeHw, to: SizeHw): PromptItem {
  const [x, y] = [to.width / from.width, to.height / from.height];
  if (x === 1 && y === 1) return prompt;
  switch (prompt.kind) {
    case 'click':
      return { ...prompt, x: prompt.x * x, y: prompt.y * y };
    case 'box': {
      const { x0, y0, x1, y1 } = prompt;
      return { ...prompt, x0: x0 * x, y0: y0 * y, x1: x1 * x, y1: y1 * y };
    }
    case 'scribble':
    case 'polygon':
      return { ...prompt, points_xy: prompt.points_xy.map(([px, py]) => [px * x, py * y]) };
    case 'paint':
      return {
        ...prompt,
        points_xy: prompt.points_xy.map(([px, py]) => [px * x, py * y]),
        radius: prompt.radius * Math.sqrt(x * y),
      };
    case 'mask':
      return { ...prompt, ...resizedRle(prompt, to) };
    case 'repair': {
      const by = prompt.method === 'smooth' ? Math.sqrt(x * y) : x * y;
      const most = prompt.method === 'smooth' ? MAX_SMOOTHING : MAX_MASK_PIXELS;
      return { ...prompt, size: Math.min(Math.max(Math.round(prompt.size * by), 1), most) };
    }
    case 'text':
      return prompt;
  }
}
