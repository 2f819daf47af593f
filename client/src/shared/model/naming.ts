import { dot, norm } from './vectors';

/** Names and their unit-length text embeddings [count, E]. */
export interface Vocabulary {
  readonly names: readonly string[];
  readonly classMatrix: Float32Array;
}

export interface Naming {
  readonly label: string | null;
  /** Softmax probability over the vocabulary. */
  readonly labelScore: number | null;
}

const NAMELESS: Naming = { label: null, labelScore: null };

/** The name whose embedding is nearest in direction to a class embedding [E]; nulls without any name. */
export function nameOf(classEmbed: Float32Array, vocabulary: Vocabulary | null, logitScale: number): Naming {
  if (vocabulary === null || classEmbed.length === 0) return NAMELESS;
  const logits = cosines(classEmbed, vocabulary).map((cosine) => logitScale * cosine);
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const label = vocabulary.names[logits.indexOf(highest)];
  if (label === undefined) return NAMELESS;
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
  return { label, labelScore: 1 / total };
}

/** All names, the nearest in direction first. */
export function rankedNames(classEmbed: Float32Array, vocabulary: Vocabulary): readonly string[] {
  const nearness = cosines(classEmbed, vocabulary);
  return vocabulary.names
    .map((name, k) => ({ name, nearness: nearness[k] ?? 0 }))
    .sort((a, b) => b.nearness - a.nearness)
    .map(({ name }) => name);
}

function cosines(classEmbed: Float32Array, { names, classMatrix }: Vocabulary): number[] {
  const width = classEmbed.length;
  const length = norm(classEmbed, 0, width);
  return names.map((_, k) => dot(classEmbed, 0, classMatrix, k * width, width) / length);
}
