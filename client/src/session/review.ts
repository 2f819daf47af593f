/** What has become of photos: to do, begun, or what the user says of them. */
import type { PhotoMark } from '../shared/types';
import { commit } from './history';
import { activeImageOf, type ImageId, type ImageState, type Review, type Session } from './state';
import { cleanLabel } from './transitions';

export type PhotoState = 'todo' | 'begun' | PhotoMark;

/** For people, in the order in which work goes on. */
export const STATE_NAMES: Readonly<Record<PhotoState, string>> = {
  todo: 'To do',
  begun: 'Begun',
  done: 'Done',
  checked: 'Checked',
  rejected: 'Rejected',
};

export const PHOTO_STATES = Object.keys(STATE_NAMES) as readonly PhotoState[];

export function stateOf({ document }: ImageState): PhotoState {
  const isBegun = document.objects.some(({ steps }) => steps.length > 0);
  return document.review.mark ?? (isBegun ? 'begun' : 'todo');
}

/** Say of the photo that is shown what has become of it; null takes that back. */
export const markPhoto = (session: Session, mark: PhotoMark | null): Session =>
  reviewPhoto(session, { mark }, mark === null ? 'photo not done' : `photo ${mark}`);

/** Note something on the photo that is shown. */
export const notePhoto = (session: Session, note: string): Session =>
  reviewPhoto(session, { note: cleanLabel(note) ?? '' }, 'note');

function reviewPhoto(session: Session, change: Partial<Review>, what: string): Session {
  const image = activeImageOf(session);
  if (image === null) return session;
  const { review } = image.document;
  const after = { ...review, ...change };
  if (after.mark === review.mark && after.note === review.note) return session;
  return commit(session, image, what, { ...image.document, review: after });
}

/** The photo to go on with: the first after the shown one, or else the first, that is not done; null: all are. */
export function nextToDo({ images, activeImage }: Session): ImageId | null {
  const index = images.findIndex(({ id }) => id === activeImage);
  const others = [...images.slice(index + 1), ...images.slice(0, Math.max(index, 0))];
  return others.find(({ document }) => document.review.mark === null)?.id ?? null;
}
