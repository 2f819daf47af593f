/** Products of vectors that lie in longer arrays. */

export function dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (a[aAt + i] ?? 0) * (b[bAt + i] ?? 0);
  return sum;
}

/** Length of a vector; never zero, so that it can be divided by. */
export const norm = (a: Float32Array, at: number, length: number): number =>
  Math.max(Math.sqrt(dot(a, at, a, at, length)), 1e-12);
