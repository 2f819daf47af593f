/**
 * SHA-256 in plain code, for pages without a secure context (plain http on a local network), where
 * `crypto.subtle` does not exist.
 *
 * Source: FIPS 180-4, sections 4.1.2, 5.1.1 and 6.2.2.
 */

const BLOCK_BYTES = 64;

/** First 32 bits of the fractional part of a root of each of the first primes. */
function fractionalRoots(count: number, root: (n: number) => number): Uint32Array {
  const values = new Uint32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate++) {
    if (isPrime(candidate)) values[found++] = (root(candidate) % 1) * 2 ** 32;
  }
  return values;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}

const ROUND_CONSTANTS = fractionalRoots(64, Math.cbrt);
const INITIAL_STATE = fractionalRoots(8, Math.sqrt);

const rotate = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

/** The digest in lower-case hexadecimal. */
export function sha256Hex(bytes: Uint8Array): string {
  const state = INITIAL_STATE.slice();
  const schedule = new Uint32Array(64);
  const whole = bytes.length - (bytes.length % BLOCK_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < whole; offset += BLOCK_BYTES) compress(state, schedule, view, offset);
  const tail = paddedTail(bytes, whole);
  for (let offset = 0; offset < tail.byteLength; offset += BLOCK_BYTES) {
    compress(state, schedule, tail, offset);
  }
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
}

/** The rest of the message, a one bit, zeros, and the length in bits. */
function paddedTail(bytes: Uint8Array, whole: number): DataView {
  const rest = bytes.length - whole;
  const tail = new Uint8Array(rest + 9 > BLOCK_BYTES ? 2 * BLOCK_BYTES : BLOCK_BYTES);
  tail.set(bytes.subarray(whole));
  tail[rest] = 0x80;
  const view = new DataView(tail.buffer);
  view.setBigUint64(tail.length - 8, BigInt(bytes.length) * 8n);
  return view;
}

function compress(state: Uint32Array, w: Uint32Array, view: DataView, offset: number): void {
  const at = (index: number): number => w[index] ?? 0;
  for (let t = 0; t < 16; t++) w[t] = view.getUint32(offset + 4 * t);
  for (let t = 16; t < 64; t++) {
    const [x, y] = [at(t - 15), at(t - 2)];
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    w[t] = at(t - 16) + s0 + at(t - 7) + s1;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let t = 0; t < 64; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + s1 + choice + (ROUND_CONSTANTS[t] ?? 0) + at(t)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const t2 = (s0 + majority) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, index) => {
    state[index] = (state[index] ?? 0) + value;
  });
}
