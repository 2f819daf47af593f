/** Answers of a session <-> what of them is kept through a reload: masks, names and scores, without memory. */
import type { ImageState, ObjectId, SegmentObject, Session } from '../../session/state';
import { isEdit } from '../../shared/prompt/edits';
import { readPromptItem } from '../../shared/prompt/kinds';
import type { Plain } from '../../shared/reading/plain';
import { isValidRle, rleArea } from '../../shared/rle';
import { sha256Hex } from '../../shared/sha256';
import type { SizeHw, StepResult } from '../../shared/types';

/** Of one object. */
export interface KeptAnswers {
  /** SHA-256 of the file of its photo. */
  readonly photo: string;
  readonly object: ObjectId;
  /** Digest of all that the answers follow from, beside the photo and the model. */
  readonly basis: string;
  /** Fingerprint of the model that gave them. */
  readonly model: string;
  /** By the prompts of the object. */
  readonly steps: readonly KeptStep[];
}

type KeptFields = 'label' | 'labelScore' | 'score' | 'classEmbed' | 'timings';

/** What is new of the answers of one object since they were written last. */
export interface FreshAnswers extends Omit<KeptAnswers, 'steps'> {
  /** Prompts of the object. */
  readonly count: number;
  /** By the place of their prompt. */
  readonly fresh: ReadonlyMap<number, KeptStep>;
}

export interface KeptStep extends Pick<StepResult, KeptFields> {
  /** Run lengths of the mask. */
  readonly counts: Uint32Array;
  readonly isCoarse: boolean;
}

/** An object with the answers to all its prompts. */
export interface Answered extends Pick<KeptAnswers, 'photo'> {
  readonly image: ImageState;
  readonly object: SegmentObject;
  readonly answers: readonly StepResult[];
}

/** The answers to all prompts of an object; null while one of them is still to come, or to change. */
export function finalAnswers(
  { results }: Pick<Session, 'results'>,
  { steps }: Pick<SegmentObject, 'steps'>,
): readonly StepResult[] | null {
  // Where nothing but masks was given, they are there without an answer.
  if (steps.every(({ prompt }) => isEdit(prompt))) return null;
  const answers = steps.flatMap(({ id }) => results.get(id) ?? []);
  const isFinal = answers.every(({ isDraft }) => !isDraft) && answers.at(-1)?.isCoarse !== true;
  return answers.length === steps.length && isFinal ? answers : null;
}

/** Of these the times are those of one answer only. */
const TOLD = ['timings', 'label', 'labelScore', 'score', 'classEmbed', 'isCoarse', 'area'] as const;

/** Whether the same would be kept of two answers to a prompt. */
export const isKeptAlike = (one: StepResult, other: StepResult | undefined): boolean =>
  other !== undefined && TOLD.every((field) => one[field] === other[field]);

/** Args: model: that gives answers now; written: the answers that the database has. */
export function toFresh(
  { image, object, answers, photo }: Answered,
  model: string,
  written: readonly StepResult[],
): FreshAnswers {
  const madeBy = answers.flatMap(({ kept }) => kept?.model ?? []).at(0) ?? model;
  const fresh = answers.flatMap((answer, place) =>
    isKeptAlike(answer, written[place]) ? [] : [[place, toKeptStep(answer)] as const],
  );
  return {
    ...{ photo, object: object.id, basis: basisOf(image, object), model: madeBy },
    ...{ count: answers.length, fresh: new Map(fresh) },
  };
}

const toKeptStep = (answer: StepResult): KeptStep => {
  const { label, labelScore, score, classEmbed, timings, isCoarse = false, mask } = answer;
  return { label, labelScore, score, classEmbed, timings, isCoarse, counts: Uint32Array.from(mask.counts) };
};

/** The results of those objects of an image whose prompts are the ones that were answered, by their steps. */
export function resultsIn(image: ImageState, kept: readonly unknown[]): Session['results'] {
  const records = new Map(kept.filter(isRecord).map((record) => [record.object, record]));
  const results = image.document.objects.flatMap((object) => {
    const record = records.get(object.id);
    return record?.basis === basisOf(image, object) ? resultsOf(image.size, object, record) : [];
  });
  return new Map(results);
}

/** None where one of them is damaged. */
function resultsOf(
  size: SizeHw,
  { steps }: SegmentObject,
  record: KeptAnswers,
): readonly (readonly [string, StepResult])[] {
  const kept = { model: record.model, isWanted: false };
  const results = steps.flatMap(({ id }, index) => {
    const step: unknown = record.steps[index];
    const result = isStep(step) ? { ...resultOf(size, step), kept } : null;
    return result !== null && isValidRle(result.mask) ? [[id, result] as const] : [];
  });
  return results.length === record.steps.length && steps.length === record.steps.length ? results : [];
}

function resultOf(
  { height, width }: SizeHw,
  { label, labelScore, score, classEmbed, timings, isCoarse, counts }: KeptStep,
): StepResult {
  const mask = { size: [height, width] as const, counts: Array.from(counts) };
  const said = { label, labelScore, score, classEmbed, timings, isCoarse };
  return { ...said, mask, area: rleArea(mask), maskLogits: null, isDraft: false };
}

/** Prompts as a project has them: what may be left out is. */
function basisOf({ size, document }: ImageState, { part, steps }: SegmentObject): string {
  const saved = JSON.parse(JSON.stringify(steps.map(({ prompt }) => prompt))) as readonly Plain[];
  const prompts = saved.map((prompt) => readPromptItem(prompt, 'prompt'));
  const facts = [size.height, size.width, document.canvas, part ?? null, prompts];
  return sha256Hex(new TextEncoder().encode(JSON.stringify(facts)));
}

const isRecord = (record: unknown): record is KeptAnswers => {
  const { object, basis, model, steps } = (record ?? {}) as Partial<KeptAnswers>;
  return [object, basis, model].every((text) => typeof text === 'string') && Array.isArray(steps);
};

function isStep(step: unknown): step is KeptStep {
  const { label, labelScore, score, classEmbed, counts, isCoarse, timings } = (step ??
    {}) as Partial<KeptStep>;
  return (
    (label === null || typeof label === 'string') &&
    [labelScore, score].every((value) => value === null || Number.isFinite(value)) &&
    classEmbed instanceof Float32Array &&
    counts instanceof Uint32Array &&
    typeof isCoarse === 'boolean' &&
    Object.values(timings ?? { total: null }).every((value) => typeof value === 'number')
  );
}
