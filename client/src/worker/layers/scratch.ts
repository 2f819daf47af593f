/**
 * Arrays for the length of one call, kept for the next one: a click allocates nothing large.
 *
 * Only for code that does not await, of which two calls never overlap.
 */
export class Scratch {
  readonly #kept = new Map<string, Float64Array>();

  /** `length` numbers of any value; the same ones for the same name. */
  take(name: string, length: number): Float64Array {
    const kept = this.#kept.get(name);
    if (kept !== undefined && kept.length >= length) return kept.subarray(0, length);
    const larger = new Float64Array(length);
    this.#kept.set(name, larger);
    return larger;
  }
}
