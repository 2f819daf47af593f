/** Tensors of an embedding as numbers to compute with. */
import { dequantise } from '../../codec/dequantise';
import type { MapName, NamedTensor } from '../../shared/types';
import type { FeatureMap } from './sampling';

export function toFeatureMap(tensor: NamedTensor, stride: number): FeatureMap {
  const [, channels = 0, height = 0, width = 0] = tensor.shape;
  return { channels, height, width, stride, data: dequantise(tensor) };
}

export type LevelName = Exclude<MapName, 'mask_features'>;

/** Coarse to fine. */
export const levelsOf = ({ level0, level1, level2 }: Readonly<Record<LevelName, NamedTensor>>) =>
  [toFeatureMap(level0, 32), toFeatureMap(level1, 16), toFeatureMap(level2, 8)] as const;
