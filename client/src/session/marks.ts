/** What is said of objects beside their label: that they are locked, belong to a group, and attributes. */
import { commit } from './history';
import {
  activeImageOf,
  activeObjectOf,
  type ImageDocument,
  type ImageState,
  type ObjectId,
  type SegmentObject,
  type Session,
} from './state';

/** The selected object, when no tool may change it. */
export function lockedActive(session: Session): SegmentObject | null {
  const image = activeImageOf(session);
  const object = image && activeObjectOf(image);
  return object?.isLocked === true ? object : null;
}

export const isLocked = (document: ImageDocument, id: ObjectId | null): boolean =>
  document.objects.some((object) => object.id === id && object.isLocked === true);

/** Let tools leave an object as it is, or change it again. */
export const toggleLock = (session: Session, id: ObjectId): Session =>
  edit(session, id, 'lock', (object) => ({ ...object, isLocked: object.isLocked !== true }));

/** Say something of an object; an empty text says nothing. A locked one stays as it is. */
export const setAttribute = (session: Session, id: ObjectId, name: string, said: string | boolean): Session =>
  edit(session, id, `attribute ${name}`, (object) => {
    if (object.isLocked === true || (object.attributes?.[name] ?? '') === said) return object;
    const others = Object.entries(object.attributes ?? {}).filter(([other]) => other !== name);
    const attributes = Object.fromEntries(said === '' ? others : [...others, [name, said]]);
    return { ...object, attributes };
  });

/**
 * Let the selected object and that before it in the list belong together: the selected one joins the group of the
 * other, which is a new one where it has none. The session stays where there are no two, or one of them is locked.
 */
export function groupWithPrevious(session: Session): Session {
  const image = activeImageOf(session);
  const { objects = [], activeObject = null } = image?.document ?? {};
  const index = objects.findIndex(({ id }) => id === activeObject);
  const [before, selected] = [objects[index - 1], objects[index]];
  if (image === null || before === undefined || selected === undefined) return session;
  const group = before.group ?? 1 + objects.reduce((most, one) => Math.max(most, one.group ?? 0), 0);
  const changed = [before, selected].filter((one) => one.group !== group);
  if (changed.length === 0 || changed.some((one) => one.isLocked === true)) return session;
  return replaced(session, image, 'group', (object) =>
    changed.includes(object) ? { ...object, group } : object,
  );
}

/** Let an object belong to no group. A locked one stays as it is. */
export const leaveGroup = (session: Session, id: ObjectId): Session =>
  edit(session, id, 'leave group', (object) => {
    if (object.group === undefined || object.isLocked === true) return object;
    return Object.fromEntries(
      Object.entries(object).filter(([name]) => name !== 'group'),
    ) as unknown as SegmentObject;
  });

function edit(
  session: Session,
  id: ObjectId,
  what: string,
  change: (object: SegmentObject) => SegmentObject,
): Session {
  const image = session.images.find(({ document }) => document.objects.some((object) => object.id === id));
  const object = image?.document.objects.find((one) => one.id === id);
  if (image === undefined || object === undefined) return session;
  const after = change(object);
  return after === object ? session : replaced(session, image, what, (one) => (one === object ? after : one));
}

const replaced = (
  session: Session,
  image: ImageState,
  what: string,
  change: (object: SegmentObject) => SegmentObject,
): Session =>
  commit(session, image, what, { ...image.document, objects: image.document.objects.map(change) });
