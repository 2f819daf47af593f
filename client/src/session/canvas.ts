/** The canvas that photos are embedded on: masks follow from it, so every change has all prompts answered again. */
import { commit, replaceImage } from './history';
import { activeImageOf, type ImageState, type SegmentObject, type Session } from './state';

/** Objects whose prompts have no answers yet. */
export function unanswered(
  objects: readonly SegmentObject[],
  nextId: number,
): { readonly objects: readonly SegmentObject[]; readonly nextId: number } {
  let next = nextId;
  const again = objects.map((object) => ({
    ...object,
    steps: object.steps.map((step) => ({ ...step, id: `step-${next++}` })),
  }));
  return { objects: again, nextId: next };
}

/** Embed the shown photo on another canvas, and those that have no prompts yet; null: the model's own. */
export function setCanvas(session: Session, canvas: number | null): Session {
  const image = activeImageOf(session);
  if (image === null || image.document.canvas === canvas) return session;
  const others = session.images.filter((other) => other !== image && !hasPrompts(other));
  const moved = others.reduce(
    (before, other) => replaceImage(before, { ...other, document: { ...other.document, canvas } }),
    session,
  );
  const { objects, nextId } = unanswered(image.document.objects, session.nextId);
  return commit({ ...moved, nextId }, image, 'detail', { ...image.document, objects, canvas });
}

const hasPrompts = ({ document }: ImageState): boolean =>
  document.objects.some(({ steps }) => steps.length > 0);
