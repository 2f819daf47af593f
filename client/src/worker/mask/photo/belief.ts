/** What a logit believes, -1 to 1: tanh(x / 2), which is needed for every cell many times a click. */

/** Beyond this logit, belief is 1 up to 3e-7. */
const LIMIT = 16;
const STEPS_PER_LOGIT = 256;

const TABLE = Float64Array.from({ length: 2 * LIMIT * STEPS_PER_LOGIT + 2 }, (_, step) =>
  Math.tanh((step / STEPS_PER_LOGIT - LIMIT) / 2),
);

/** `beliefs` of `logits`, by linear interpolation in a table, within 4e-7, in a tenth of the time. */
export function believe(logits: Float64Array, beliefs: Float64Array): void {
  for (let i = 0; i < logits.length; i++) {
    const place = (Math.min(Math.max(logits[i] ?? 0, -LIMIT), LIMIT) + LIMIT) * STEPS_PER_LOGIT;
    const low = Math.floor(place);
    const belief = TABLE[low] ?? 0;
    beliefs[i] = belief + (place - low) * ((TABLE[low + 1] ?? 0) - belief);
  }
}
