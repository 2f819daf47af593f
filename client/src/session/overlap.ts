/** Masks as they are shown and exported: where objects may not overlap, a pixel is of one of them. */
import { painted, runsOf } from '../shared/prompt/brush';
import type { CocoRle } from '../shared/types';
import { overlapOf } from './classes';
import { resultOf, type ImageDocument, type ObjectId, type Overlap, type Session } from './state';

type Masks = ReadonlyMap<ObjectId, CocoRle>;

interface Known {
  readonly overlap: Overlap;
  readonly given: Masks;
  readonly shared: Masks;
}

/** By what they were made of, since every frame asks. */
const known = new WeakMap<ImageDocument, Known>();

/**
 * The masks of a photo's objects that have one. Whatever the rule is, locked objects come before the others. What is
 * saved are the masks whole, so the rule can be changed at any time.
 */
export function masksOf(session: Session, document: ImageDocument): Masks {
  const overlap = overlapOf(session.classList);
  const given = new Map<ObjectId, CocoRle>();
  for (const object of document.objects) {
    const mask = resultOf(session, object)?.mask;
    if (mask !== undefined) given.set(object.id, mask);
  }
  if (overlap === 'allowed') return given;
  const before = known.get(document);
  if (before?.overlap === overlap && isSame(before.given, given)) return before.shared;
  const shared = apart(given, orderOf(document, overlap));
  known.set(document, { overlap, given, shared });
  return shared;
}

/** Who comes first has what others hold, too. */
function orderOf({ objects }: ImageDocument, overlap: Overlap): readonly ObjectId[] {
  const ordered = overlap === 'eats' ? objects.toReversed() : objects;
  const locked = ordered.filter(({ isLocked }) => isLocked === true);
  return [...locked, ...ordered.filter(({ isLocked }) => isLocked !== true)].map(({ id }) => id);
}

function apart(given: Masks, order: readonly ObjectId[]): Masks {
  const shared = new Map<ObjectId, CocoRle>();
  let taken: CocoRle | null = null;
  for (const id of order) {
    const mask = given.get(id);
    if (mask === undefined) continue;
    shared.set(id, taken === null ? mask : painted(mask, runsOf(taken), 0));
    taken = taken === null ? mask : painted(taken, runsOf(mask), 1);
  }
  return shared;
}

const isSame = (one: Masks, other: Masks): boolean =>
  one.size === other.size && [...one].every(([id, mask]) => other.get(id) === mask);
