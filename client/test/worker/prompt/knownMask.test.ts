import { expect, it } from 'vitest';
import type { CocoRle, ImageGeometry } from '../../../src/shared/types';
import { logitsOfMask } from '../../../src/worker/prompt/knownMask';
import { readJson } from '../../vectors';

interface Case {
  readonly name: string;
  readonly geometry: ImageGeometry;
  readonly mask: CocoRle;
  readonly logits: number[][];
}

const { memories } = readJson('vectors/paint.json') as { memories: Case[] };

it.each(memories)('a mask is remembered: $name', ({ geometry, mask, logits }) => {
  const { height, width, data } = logitsOfMask(mask, geometry);
  expect([height, width]).toEqual([logits.length, logits[0]?.length]);
  expect([...data]).toEqual(logits.flat());
});
