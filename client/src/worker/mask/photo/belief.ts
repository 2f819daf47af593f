/** What a logit believes, -1 to 1: tanh(x / 2), which is needed for every cell many times a click. */

/** Beyond this logit, belief is 1 up to 3e-7. */
const LIMIT = 16;
const STEPS_PER_LOGIT = 256;

const TABLE = Float64Array.from({ length: 2 * LIMIT * STEPS_PER_LOGIT + 2 }, (_, step) =>
  Math.tanh((step / STEPS_PER_LOGIT - LIMIT) / 2),
);

/** `beliefs` of `logits`, by linear interpolation in a table, within 4e-7, in a tenth of the time. */
export function believe(logits: Float64Array, beliefs: Float64Array): void {
  for (let i = 0; i < logits.length; i++) beliefs[i] = beliefOf(logits[i] ?? 0);
}

/** The same of `opinions` and, `weight` times, of the beliefs that there are, in their place. */
export function believeAgain(opinions: Float64Array, weight: number, beliefs: Float64Array): void {
  for (let i = 0; i < opinions.length; i++) {
    beliefs[i] = beliefOf((opinions[i] ?? 0) + weight * (beliefs[i] ?? 0));
  }
}

function beliefOf(logit: number): number {
  const place = (Math.min(Math.max(logit, -LIMIT), LIMIT) + LIMIT) * STEPS_PER_LOGIT;
  const low = place | 0;
  const belief = TABLE[low] ?? 0;
  return belief + (place - low) * ((TABLE[low + 1] ?? 0) - belief);
}
