import type { SelectionRule } from '../../shared/model/manifest';
import type { LabelledPoint, PointLabel } from '../../shared/types';
import { dot, norm } from '../../shared/model/vectors';

/** Point logits beyond this count no more, so that one sure point cannot outvote the others. */
const CLAMP = 10;

export interface Selection {
  readonly query: number;
  readonly score: number;
}

/** What is known of every query row that may answer. */
export interface Candidates {
  /** [Q, C] */
  readonly maskEmbed: Float32Array;
  /** [Q], learned; zeros for a model that does not score its queries. */
  readonly quality: Float32Array;
  /** [Q], see `textAgreement`; null without texts. */
  readonly agreement: readonly number[] | null;
  /** Whether the wiring lets the texts choose, and not the points. */
  readonly chosenByText: boolean;
}

/**
 * What counts: "quality" is the learned quality, the mean over points labelled 1 or 0 of the clamped mask logit
 * there, its sign turned at negative points, and the agreement with the texts. "points", of the official models,
 * is the mean mask logit at the positive points, or where texts choose, the agreement with them alone.
 */
type ScoreOf = (candidates: Candidates, query: number, atPoints: PointLogits) => number;

const SCORES: Readonly<Record<SelectionRule, ScoreOf>> = {
  quality: ({ quality, agreement }, query, atPoints) => {
    const clamped = meanOver(atPoints, [1, 0], (logit) => Math.min(Math.max(logit, -CLAMP), CLAMP));
    return (quality[query] ?? 0) + clamped + (agreement?.[query] ?? 0);
  },
  points: ({ agreement, chosenByText }, query, atPoints) =>
    chosenByText && agreement ? (agreement[query] ?? 0) : meanOver(atPoints, [1], (logit) => logit),
};

/**
 * The query that answers: the first of those with the highest score.
 *
 * `sampledMaskFeatures` is [P, C] in the order of `points`.
 */
export function selectQuery(
  rule: SelectionRule,
  candidates: Candidates,
  sampledMaskFeatures: Float32Array,
  points: readonly LabelledPoint[],
): Selection {
  const { maskEmbed, quality } = candidates;
  const channels = maskEmbed.length / quality.length;
  const scoreOf = SCORES[rule];
  let best: Selection = { query: 0, score: -Infinity };
  for (let query = 0; query < quality.length; query++) {
    const atPoints = points.map(({ label }, index) => ({
      label,
      logit: dot(maskEmbed, query * channels, sampledMaskFeatures, index * channels, channels),
    }));
    const score = scoreOf(candidates, query, atPoints);
    if (score > best.score) best = { query, score };
  }
  return best;
}

/** Mask logits of one query at the points. */
type PointLogits = readonly Readonly<{ label: PointLabel; logit: number }>[];

/** Mean over the points of some labels, 0 without such a point; negative points count turned round. */
function meanOver(
  points: PointLogits,
  labels: readonly PointLabel[],
  toCount: (signed: number) => number,
): number {
  const counted = points.filter(({ label }) => labels.includes(label));
  const sum = counted.reduce((total, { label, logit }) => total + toCount(label === 0 ? -logit : logit), 0);
  return counted.length === 0 ? 0 : sum / counted.length;
}

/**
 * How well every query agrees with the texts (Eq. 6): `weight` times the mean cosine between its class
 * embedding and the sentence vectors, [E] each. `classEmbed` is [Q, E].
 */
export function textAgreement(
  classEmbed: Float32Array,
  sentences: readonly Float32Array[],
  weight: number,
): readonly number[] {
  const width = sentences[0]?.length ?? 0;
  const lengths = sentences.map((sentence) => norm(sentence, 0, width));
  return Array.from({ length: classEmbed.length / width }, (_, query) => {
    const at = query * width;
    const sum = sentences.reduce(
      (total, sentence, k) => total + dot(classEmbed, at, sentence, 0, width) / (lengths[k] ?? 1),
      0,
    );
    return (weight * sum) / sentences.length / norm(classEmbed, at, width);
  });
}
