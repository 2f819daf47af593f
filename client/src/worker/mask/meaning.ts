/** What a mask means, for models with a map of meanings; `splitseem_model/encode/meaning.py` does the same. */
import type { Embedding, MaskLogits } from '../../shared/types';
import { dot } from '../../shared/model/vectors';
import { toFeatureMap } from '../layers/featureMaps';
import { MASK_STRIDE, type FeatureMap } from '../layers/sampling';

const SEMANTIC = 'semantic';
const SEMANTIC_STRIDE = 16;
/** Cells of mask logits that are one of the map, along a side. */
const CELLS = SEMANTIC_STRIDE / MASK_STRIDE;

/** The map of an embedding; null where there is none. */
export function meaningsOf({ tensors }: Embedding): FeatureMap | null {
  const tensor = tensors.find(({ name }) => name === SEMANTIC);
  return tensor === undefined ? null : toFeatureMap(tensor, SEMANTIC_STRIDE);
}

/** Mean of the map's cells under a mask of stride 4, [S]; of an empty mask that of the whole map. */
export function meaningOf(map: FeatureMap, mask: MaskLogits): Float32Array {
  const shares = sharesOf(map, mask);
  const plane = shares.length;
  const under = Uint32Array.from(shares.keys()).filter((cell) => (shares[cell] ?? 0) > 0);
  if (under.length === 0)
    return meaningOf(map, { ...mask, data: new Float32Array(mask.data.length).fill(1) });
  const total = under.reduce((sum, cell) => sum + (shares[cell] ?? 0), 0);
  const meaning = new Float32Array(map.channels);
  for (let channel = 0; channel < meaning.length; channel++) {
    let sum = 0;
    for (const cell of under) sum += (shares[cell] ?? 0) * (map.data[channel * plane + cell] ?? 0);
    meaning[channel] = sum / total;
  }
  return meaning;
}

/** A meaning [S] in the space of the sentence vectors, [E]; rows of `toSentence` [E, S + 1] end with a constant. */
export function inWords(meaning: Float32Array, toSentence: Float32Array): Float32Array {
  const width = meaning.length + 1;
  const affine = Float32Array.from([...meaning, 1]);
  return Float32Array.from({ length: toSentence.length / width }, (_, row) =>
    dot(affine, 0, toSentence, row * width, width),
  );
}

/** Cells of the mask that lie in each cell of the map. */
export function sharesOf({ height, width }: FeatureMap, mask: MaskLogits): Uint8Array {
  const shares = new Uint8Array(height * width);
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      if ((mask.data[y * mask.width + x] ?? 0) <= 0) continue;
      const cell = Math.floor(y / CELLS) * width + Math.floor(x / CELLS);
      shares[cell] = (shares[cell] ?? 0) + 1;
    }
  }
  return shares;
}
