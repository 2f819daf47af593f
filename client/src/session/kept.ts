/**
 * Answers that are kept without what the next prompt of their object is told, through a reload or because they are old:
 * the masks, names and scores. An object is answered again only for that.
 */
import { packedRle } from '../shared/packedRle';
import { isEdit } from '../shared/prompt/edits';
import type { StepResult } from '../shared/types';
import type { ObjectId, SegmentObject, Session, Step, StepId } from './state';

type Results = Session['results'];

/** Put kept answers into a session, those of another model than `model` left out; null: it is not known yet. */
export function withKept(session: Session, kept: Results, model: string | null): Session {
  if (kept.size === 0) return session;
  return forgetOtherModels({ ...session, results: new Map([...session.results, ...kept]) }, model);
}

/** Without what other models have answered; null: it is not known yet which one this is. */
export function forgetOtherModels(session: Session, model: string | null): Session {
  const isOf = ({ kept }: StepResult): boolean =>
    kept === undefined || model === null || kept.model === model;
  const results = new Map([...session.results].filter(([, result]) => isOf(result)));
  return results.size === session.results.size ? session : { ...session, results };
}

/** Answers that have what the next prompt is told, each some 30 to 150 kB: those given last, between half of this and this. */
const MOST_WHOLE = 256;

/** Without what only the next prompt needs of all but the last answers, of which `model` gave all. */
export function withOldThinned(session: Session, model: string, most = MOST_WHOLE): Session {
  const whole = [...session.results].filter(([, result]) => isWhole(result));
  if (whole.length <= most) return session;
  const shown = new Set(
    session.images.flatMap(({ document }) => document.objects.map(({ steps }) => steps.at(-1)?.id)),
  );
  const results = new Map(session.results);
  for (const [id, result] of whole.slice(0, whole.length - most / 2)) {
    const mask = shown.has(id) ? result.mask : packedRle(result.mask);
    results.set(id, { ...result, mask, maskLogits: null, kept: { model, isWanted: false } });
  }
  return { ...session, results };
}

const isWhole = ({ maskLogits, isDraft, isCoarse, kept }: StepResult): boolean =>
  maskLogits !== null && !isDraft && isCoarse !== true && kept === undefined;

/** Whether the last prompt of an object cannot be answered otherwise, nor another follow: they would be told nothing. */
export const isAsleep = (
  { results }: Pick<Session, 'results'>,
  { steps }: Pick<SegmentObject, 'steps'>,
): boolean => (lastKept(results, steps)?.index ?? -Infinity) >= steps.length - 2;

/** Have the prompts of an object answered again, so that others can follow. */
export function wake(session: Session, id: ObjectId): Session {
  const objects = session.images.flatMap(({ document }) => document.objects);
  const last = lastKept(session.results, objects.find((object) => object.id === id)?.steps ?? []);
  if (last === null || last.kept.isWanted) return session;
  const kept = { ...last.kept, isWanted: true };
  return { ...session, results: new Map(session.results).set(last.step, { ...last.result, kept }) };
}

/**
 * Whether the kept answers of an object have to be given again. Strokes and masks need no more than the mask before
 * them; a mask that has no edges of the photo yet needs the decoder's own answer to get them.
 */
export function isAskedAgain(results: Results, steps: readonly Step[]): boolean {
  const last = lastKept(results, steps);
  if (last === null) return false;
  const next = steps[last.index + 1];
  if (last.kept.isWanted) return true;
  return next === undefined ? last.result.isCoarse === true : !isEdit(next.prompt) && !results.has(next.id);
}

/** The answer that was kept, with what the decoder has said now: the mask is the one that was seen. */
export function answeredAgain(
  { mask, area, isCoarse = false, timings }: StepResult,
  again: StepResult,
): StepResult {
  return { ...again, mask, area, isCoarse, timings };
}

interface Kept {
  readonly index: number;
  readonly step: StepId;
  readonly result: StepResult;
  readonly kept: NonNullable<StepResult['kept']>;
}

function lastKept(results: Results, steps: readonly Step[]): Kept | null {
  const index = steps.findLastIndex(({ id }) => results.get(id)?.kept !== undefined);
  const step = steps[index]?.id ?? '';
  const result = results.get(step);
  return result?.kept === undefined ? null : { index, step, result, kept: result.kept };
}
