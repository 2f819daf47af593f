/** One thing in photos that are frames of a video: an object in each, all of one track. */
import { MAX_OBJECT_NUMBER } from '../../shared/reading/limits';
import type { PromptItem } from '../../shared/types';
import { commit } from '../../session/history';
import {
  imageOf,
  type ImageId,
  type ImageState,
  type ObjectId,
  type SegmentObject,
  type Session,
} from '../../session/state';
import { onPart } from '../../session/parts';
import { withNewObject } from '../../session/transitions';

/** The photos after one, as far as they have its size. */
export function framesAfter({ images }: Session, id: ImageId): readonly ImageState[] {
  const index = images.findIndex((image) => image.id === id);
  const first = images[index];
  if (first === undefined) return [];
  const after = images.slice(index + 1);
  const end = after.findIndex(
    ({ size }) => size.width !== first.size.width || size.height !== first.size.height,
  );
  return end < 0 ? after : after.slice(0, end);
}

/** The session where an object has a track, a new one unless it has one. `together`: see `ChangeSet`. */
export function tracked(session: Session, imageId: ImageId, objectId: ObjectId, together?: number): Session {
  const image = imageOf(session, imageId);
  const object = image?.document.objects.find(({ id }) => id === objectId);
  if (image === null || object === undefined || object.track !== undefined) return session;
  const track = Math.min(1 + Math.max(0, ...tracksOf(session)), MAX_OBJECT_NUMBER);
  const objects = image.document.objects.map((one) => (one === object ? { ...one, track } : one));
  return commit(session, image, 'follow', { ...image.document, objects }, together);
}

const tracksOf = ({ images }: Session): readonly number[] =>
  images.flatMap(({ document }) => document.objects.map(({ track = 0 }) => track));

/** The object of a track in a photo. */
export const ofTrack = (image: ImageState, track: number): SegmentObject | null =>
  image.document.objects.find((object) => object.track === track) ?? null;

/**
 * Ask a photo for the thing that an object of another photo is. It takes the place of the one of the same track that is
 * there; else it is a new one, with the number of the other where that is free. It is selected. `together`: see
 * `ChangeSet`.
 */
export function followInto(
  session: Session,
  like: SegmentObject,
  imageId: ImageId,
  prompts: readonly PromptItem[],
  givenAt: number,
  together?: number,
): Session {
  const image = imageOf(session, imageId);
  if (image === null || like.track === undefined) return session;
  const there = ofTrack(image, like.track);
  const made = there === null ? withNewObject(image, like.userLabel) : { image, document: image.document };
  const id = there?.id ?? made.document.activeObject ?? '';
  const steps = prompts.map((prompt, index) => ({ id: `step-${session.nextId + index}`, prompt, givenAt }));
  const { track, attributes } = like;
  const said = { userLabel: like.userLabel, track, ...(attributes !== undefined && { attributes }) };
  const number = there === null ? freeNumber(image, like.number) : there.number;
  const objects = made.document.objects.map((object): SegmentObject =>
    object.id === id ? { ...onPart(object, null), ...said, number: number ?? object.number, steps } : object,
  );
  const hidden = new Set([...made.document.hidden].filter((other) => other !== id));
  const nextNumber = Math.max(made.image.nextNumber, (number ?? 0) + 1);
  return commit(
    { ...session, nextId: session.nextId + steps.length },
    { ...made.image, nextNumber },
    'follow',
    { ...made.document, objects, hidden, activeObject: id },
    together,
  );
}

const freeNumber = ({ document }: ImageState, number: number): number | null =>
  document.objects.some((object) => object.number === number) ? null : number;
