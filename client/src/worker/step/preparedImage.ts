import type { ImageGeometry } from '../../shared/types';
import type { Prepared } from '../decode/prepared';
import type { FeatureMap } from '../layers/sampling';
import type { Appearance } from '../mask/correction';
import type { PhotoGuide } from '../mask/photo/refinement';
import type { Fetches } from '../runtime/graph';

/** An image ready to be stepped: what prepare made of its embedding. */
export interface PreparedImage extends Prepared {
  readonly geometry: ImageGeometry;
  /** Of a draft, perhaps coarser than those of the embedding, with strides to match. */
  readonly levels: readonly FeatureMap[];
  readonly maskFeatures: FeatureMap;
  /** What the refiner made of the embedding; null for a model without one. */
  readonly refinerLooks: Fetches | null;
  /** What the correction needs of the mask features; null for a model without one. */
  readonly appearance: Appearance | null;
  /** What is where, by which masks are named; null for a model that names them by the queries that drew them. */
  readonly meanings: FeatureMap | null;
  /** For the refinement by the photo; null for a model without it, or an embedding without photo. */
  readonly photo: PhotoGuide | null;
  /** False for a draft, which lacks some of what comes after the decoder. */
  readonly isComplete: boolean;
}

/** Bytes of all arrays that an image holds, each counted once. */
export function bytesOf(image: PreparedImage): number {
  const buffers = new Set<ArrayBufferLike>();
  collectBuffers(image, buffers);
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function collectBuffers(value: unknown, buffers: Set<ArrayBufferLike>): void {
  if (typeof value !== 'object' || value === null) return;
  if (ArrayBuffer.isView(value)) buffers.add(value.buffer);
  else
    for (const part of value instanceof Map ? value.values() : Object.values(value))
      collectBuffers(part, buffers);
}
