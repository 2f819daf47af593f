/** Run lengths that are held but hardly ever read, in about a quarter of the memory. */
import type { CocoRle } from './types';

/** Groups of seven bits, the last one first; all but the last say that more follow. */
const MORE = 0x80;

/**
 * The same mask; its runs are worked out when they are asked for.
 *
 * Down a column of a mask, runs are about as long as in the column before: each is held as its difference from the run
 * of its kind before it, small differences of either sign in one byte.
 */
export function packedRle({ size, counts }: CocoRle): CocoRle {
  return unpackedWhenRead(size, packed(counts));
}

/** By itself: its functions hold on to all that any of them names. */
const unpackedWhenRead = (size: CocoRle['size'], bytes: Uint8Array): CocoRle => ({
  size,
  get counts() {
    return unpacked(bytes);
  },
});

function packed(counts: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  counts.forEach((count, index) => {
    const difference = count - (counts[index - 2] ?? 0);
    let rest = difference < 0 ? -2 * difference - 1 : 2 * difference;
    for (; rest >= MORE; rest = Math.floor(rest / MORE)) bytes.push((rest % MORE) | MORE);
    bytes.push(rest);
  });
  return Uint8Array.from(bytes);
}

function unpacked(bytes: Uint8Array): number[] {
  const counts: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte % MORE) * scale;
    scale *= MORE;
    if (byte >= MORE) continue;
    const difference = value % 2 === 1 ? -(value + 1) / 2 : value / 2;
    counts.push(difference + (counts[counts.length - 2] ?? 0));
    value = 0;
    scale = 1;
  }
  return counts;
}
