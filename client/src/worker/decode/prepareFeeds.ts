import type { Feeds, FloatTensor } from '../runtime/graph';
import type { FeatureMap } from '../layers/sampling';

/** Inputs of `prepare`, or, without mask features, of those of its pieces that need none. */
export function prepareFeeds(levels: readonly FeatureMap[], maskFeatures?: FeatureMap): Feeds {
  const feeds: Record<string, FloatTensor> = maskFeatures ? { mask_features: toTensor(maskFeatures) } : {};
  levels.forEach((level, index) => {
    feeds[`level${index}`] = toTensor(level);
  });
  return feeds;
}

const toTensor = ({ channels, height, width, data }: FeatureMap): FloatTensor => ({
  dims: [1, channels, height, width],
  data,
});
