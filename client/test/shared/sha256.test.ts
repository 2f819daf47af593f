import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { sha256Hex } from '../../src/shared/sha256';

// Around the lengths at which the padding needs another block.
it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])('digests %i bytes as others do', (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + length);
  expect(sha256Hex(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
});
