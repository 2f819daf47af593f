import { RunWriter } from '../src/shared/rle';
import type { CocoRle, SizeHw } from '../src/shared/types';

/** RLE of a row-major mask; non-zero is foreground. */
export function rleFromMask(mask: Uint8Array, size: SizeHw): CocoRle {
  const runs = new RunWriter();
  for (let x = 0; x < size.width; x++) {
    for (let y = 0; y < size.height; y++) runs.push(mask[y * size.width + x] !== 0, 1);
  }
  return runs.finish(size);
}
