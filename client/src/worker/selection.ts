import type { LabelledPoint } from '../shared/types';

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

export function dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (a[aAt + i] ?? 0) * (b[bAt + i] ?? 0);
  return sum;
}
