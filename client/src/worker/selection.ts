import type { LabelledPoint } from '../shared/types';
import { dot, norm } from '../shared/vectors';

/** Point logits beyond this count no more, so that one sure point cannot outvote the others. */
const CLAMP = 10;

export interface Selection {
  readonly query: number;
  readonly score: number;
}

/**
 * The query whose mask agrees best with the clicks.
 *
 * Score = quality + mean over points labelled 1 or 0 of the clamped mask logit there, its sign turned at
 * negative points; the mean is 0 without such a point. The first among equals wins.
 *
 * `maskEmbed` is [Q, C], `quality` [Q], `sampledMaskFeatures` [P, C] in the order of `points`.
 */
export function selectQuery(
  maskEmbed: Float32Array,
  quality: Float32Array,
  sampledMaskFeatures: Float32Array,
  points: readonly LabelledPoint[],
): Selection {
  const channels = maskEmbed.length / quality.length;
  const judges = points.flatMap((point, index) => {
    if (point.label !== 0 && point.label !== 1) return [];
    return [{ offset: index * channels, sign: point.label === 1 ? 1 : -1 }];
  });
  let best: Selection = { query: 0, score: -Infinity };
  quality.forEach((own, query) => {
    const agreement = judges.reduce((sum, { offset, sign }) => {
      const logit = dot(maskEmbed, query * channels, sampledMaskFeatures, offset, channels);
      return sum + Math.min(Math.max(sign * logit, -CLAMP), CLAMP);
    }, 0);
    const score = own + (judges.length > 0 ? agreement / judges.length : 0);
    if (score > best.score) best = { query, score };
  });
  return best;
}

/**
 * What the texts add to the score of every query (Eq. 6): `weight` times the mean cosine between its class
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
