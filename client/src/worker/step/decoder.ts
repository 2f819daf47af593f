import type { Manifest } from '../../shared/model/manifest';
import type { DecoderGraphs } from '../runtime/graph';
import type { LateralLoader } from '../mask/lateral';
import type { RefinerGraphs } from '../mask/refiner';

/** A model ready to run. */
export interface Decoder {
  readonly manifest: Manifest;
  readonly graphs: DecoderGraphs;
  /** Null for a model without one. */
  readonly refiner: RefinerGraphs | null;
  /** Takes meanings of masks to the space of the names; null or absent for a model without a map of meanings. */
  readonly toSentence?: Float32Array | null;
  /** Null or absent for a model that makes no mask features of a lateral map. */
  readonly lateral?: LateralLoader | null;
}
