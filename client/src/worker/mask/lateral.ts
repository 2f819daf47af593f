/**
 * Mask features made of a lateral map: the finest step of an official pyramid, which the server then need neither
 * compute nor send. It is most of the pyramid's arithmetic, so it is done some channels at a time.
 */
import { Failure } from '../../shared/errors';
import type { NamedTensor } from '../../shared/types';
import { toFeatureMap } from '../layers/featureMaps';
import { output, type Feeds, type FloatTensor, type Graph } from '../runtime/graph';
import type { LateralFiles } from '../runtime/modelFiles';
import { onDemand, type OnDemand } from '../runtime/once';
import { MASK_STRIDE, type FeatureMap } from '../layers/sampling';

export interface LateralGraphs {
  /** Once an image: what the norm makes of the lateral map. */
  readonly affine: Graph;
  /** Some channels of the map that mask features are one convolution of. */
  readonly source: Graph;
  /** Some of the mask features. */
  readonly features: Graph;
  /** How many channels are made at a time. */
  readonly rows: number;
  readonly maskDim: number;
}

/** Only images with a lateral map need them. */
export type LateralLoader = OnDemand<LateralGraphs>;

export const lateralLoader = (
  fetchFiles: () => Promise<LateralFiles>,
  open: (bytes: ArrayBuffer) => Promise<Graph>,
): LateralLoader =>
  onDemand(fetchFiles, async ({ affine, source, features, ...sizes }) => ({
    affine: await open(affine),
    source: await open(source),
    features: await open(features),
    ...sizes,
  }));

/** The mask features of an embedding, as they came, or made of its lateral map in slices. */
export async function* maskFeaturesOf(
  loader: LateralLoader | null | undefined,
  finest: NamedTensor,
  level2: FeatureMap,
): AsyncGenerator<null, FeatureMap, void> {
  const map = toFeatureMap(finest, MASK_STRIDE);
  if (finest.name === 'mask_features') return map;
  if (!loader) {
    throw new Failure({ kind: 'decoder', message: 'this decoder makes no masks of a lateral map' });
  }
  const { affine, source, features, rows, maskDim } = await loader.open();
  yield null;
  const maps = { lateral: tensorOf(map), level2: tensorOf(level2) };
  const projected = { ...maps, affine: output(await affine.run(maps), 'affine') };
  const mask_source = tensorOf(
    yield* inParts(source, 'source_rows', rows, { ...map, channels: level2.channels }, projected),
  );
  return yield* inParts(features, 'feature_rows', rows, { ...map, channels: maskDim }, { mask_source });
}

/** A map of the wanted shape, whose channels a graph makes some at a time. */
async function* inParts(
  graph: Graph,
  name: string,
  count: number,
  { channels, height, width, stride }: FeatureMap,
  feeds: Feeds,
): AsyncGenerator<null, FeatureMap, void> {
  const data = new Float32Array(channels * height * width);
  for (let first = 0; first < channels; first += count) {
    const part = await graph.run({ ...feeds, rows: rowsFrom(first, count, channels) });
    data.set(output(part, name).data, first * height * width);
    yield null;
  }
  return { channels, height, width, stride, data };
}

/** [count, channels], with a one where row i meets channel `first` + i. */
function rowsFrom(first: number, count: number, channels: number): FloatTensor {
  const data = new Float32Array(count * channels);
  for (let row = 0; row < count; row++) data[row * channels + first + row] = 1;
  return { dims: [count, channels], data };
}

const tensorOf = ({ channels, height, width, data }: FeatureMap): FloatTensor => ({
  dims: [1, channels, height, width],
  data,
});
