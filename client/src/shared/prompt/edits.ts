/**
 * Prompts that change the mask itself, pixel by pixel, and what they do among those that the decoder answers.
 *
 * `splitseem_model/prompt/edits.py` does the same; both are held to `proto/vectors/paint.json`.
 */
import type { MaskItem, PaintItem } from '../generated';
import type { CocoRle, LabelledPoint, PromptItem, SizeHw } from '../types';
import { painted, runsHold, runsUnder } from './brush';
import { pointsOf, wholeImage, type PointRules } from './prompts';

export type EditItem = PaintItem | MaskItem;

/** Whether a prompt changes the mask itself, so that no decoder is asked. */
export const isEdit = (item: PromptItem): item is EditItem => item.kind === 'paint' || item.kind === 'mask';

/** The prompts that count: the last mask, and those after it. */
export const counted = (items: readonly PromptItem[]): readonly PromptItem[] =>
  items.slice(
    Math.max(
      items.findLastIndex(({ kind }) => kind === 'mask'),
      0,
    ),
  );

/**
 * The strokes that stand on the answer to the last prompt: a later one takes a stroke back when one of its points lies
 * under it and has the other label.
 */
export function standing(
  items: readonly PromptItem[],
  size: SizeHw,
  rules: Pick<PointRules, 'regionRules'>,
): readonly PaintItem[] {
  if (!items.some(({ kind }) => kind === 'paint')) return [];
  const points = items.map((item) => pointsOf(item, wholeImage(size), rules));
  return items.flatMap((item, index) => {
    const isStanding = item.kind === 'paint' && !isTakenBack(item, points.slice(index + 1).flat(), size);
    return isStanding ? [item] : [];
  });
}

function isTakenBack(stroke: PaintItem, later: readonly LabelledPoint[], size: SizeHw): boolean {
  const against = later.filter(({ label }) => label === 1 - stroke.label);
  return against.length > 0 && runsHold(runsUnder(stroke, size), against.map(toPair), size);
}

const toPair = ({ x, y }: LabelledPoint) => [x, y] as const;

/** The mask after edits, one after the other. */
export const applyEdits = (mask: CocoRle, edits: readonly EditItem[]): CocoRle =>
  edits.reduce((edited, edit) => applyEdit(edited, edit), mask);

function applyEdit(mask: CocoRle, edit: EditItem): CocoRle {
  if (edit.kind === 'mask') return { size: edit.size, counts: edit.counts };
  const [height, width] = mask.size;
  return painted(mask, runsUnder(edit, { height, width }), edit.label);
}

/** No pixel of an image. */
export const emptyMask = ({ height, width }: SizeHw): CocoRle => ({
  size: [height, width],
  counts: [height * width],
});
