/**
 * Prompts that change the mask itself, pixel by pixel, and what they do among those that the decoder answers.
 *
 * `splitseem_model/prompt/edits.py` does the same; both are held to `proto/vectors/paint.json`.
 */
import type { MaskItem, PaintItem, RepairItem } from '../generated';
import type { CocoRle, LabelledPoint, PromptItem, SizeHw } from '../types';
import { painted, runsHold, runsUnder } from './brush';
import { repaired, type HeldPlace } from './repairs';
import { pointsOf, type EncodedPart, type PointRules } from './prompts';

export type EditItem = PaintItem | MaskItem | RepairItem;

/** An edit that is applied to the answer again; a repair leaves alone what was said after it. */
export type StandingEdit = PaintItem | (RepairItem & { readonly held?: readonly HeldPlace[] });

/** Whether a prompt changes the mask itself, so that no decoder is asked. */
export const isEdit = (item: PromptItem): item is EditItem => EDITS.has(item.kind);

const EDITS: ReadonlySet<string> = new Set<EditItem['kind']>(['paint', 'mask', 'repair']);

/** The prompts that count: the last mask, and those after it. */
export const counted = (items: readonly PromptItem[]): readonly PromptItem[] =>
  items.slice(
    Math.max(
      items.findLastIndex(({ kind }) => kind === 'mask'),
      0,
    ),
  );

/**
 * The strokes and repairs that stand on the answer to the last prompt: a later one takes a stroke back when one of its
 * points lies under it and has the other label, and holds a place of a repair.
 */
export function standing(
  items: readonly PromptItem[],
  part: EncodedPart,
  rules: Pick<PointRules, 'regionRules'>,
): readonly StandingEdit[] {
  if (!items.some(({ kind }) => kind === 'paint' || kind === 'repair')) return [];
  const [height, width] = part.original_hw;
  const size = { height, width };
  const points = items.map((item) => pointsOf(item, part, rules));
  return items.flatMap((item, index): StandingEdit[] => {
    const later = points.slice(index + 1).flat();
    if (item.kind === 'repair') return [{ ...item, held: placesOf(later, size) }];
    return item.kind === 'paint' && !isTakenBack(item, later, size) ? [item] : [];
  });
}

/** The pixels of points on the object, and of those that are not. */
const placesOf = (points: readonly LabelledPoint[], { height, width }: SizeHw): readonly HeldPlace[] =>
  points.flatMap(({ x, y, label }) => {
    const at = { column: clamp(x, width), row: clamp(y, height) };
    return label === 0 || label === 1 ? [{ ...at, label }] : [];
  });

const clamp = (place: number, end: number): number => Math.min(Math.max(Math.trunc(place), 0), end - 1);

function isTakenBack(stroke: PaintItem, later: readonly LabelledPoint[], size: SizeHw): boolean {
  const against = later.filter(({ label }) => label === 1 - stroke.label);
  return against.length > 0 && runsHold(runsUnder(stroke, size), against.map(toPair), size);
}

const toPair = ({ x, y }: LabelledPoint) => [x, y] as const;

/** The mask after edits, one after the other. */
export const applyEdits = (mask: CocoRle, edits: readonly (EditItem | StandingEdit)[]): CocoRle =>
  edits.reduce<CocoRle>((edited, edit) => applyEdit(edited, edit), mask);

function applyEdit(mask: CocoRle, edit: EditItem | StandingEdit): CocoRle {
  if (edit.kind === 'repair') return repaired(mask, edit, 'held' in edit ? edit.held : []);
  if (edit.kind === 'mask') return { size: edit.size, counts: edit.counts };
  const [height, width] = mask.size;
  return painted(mask, runsUnder(edit, { height, width }), edit.label);
}

/** No pixel of an image. */
export const emptyMask = ({ height, width }: SizeHw): CocoRle => ({
  size: [height, width],
  counts: [height * width],
});
