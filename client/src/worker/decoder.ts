import type { Manifest } from '../shared/manifest';
import type { DecoderGraphs } from './graph';
import type { RefinerGraphs } from './refiner';
import type { Vocabulary } from '../shared/naming';

/** A model ready to run. */
export interface Decoder {
  readonly manifest: Manifest;
  readonly graphs: DecoderGraphs;
  /** Null for a model without one. */
  readonly refiner: RefinerGraphs | null;
  readonly vocabulary: Vocabulary | null;
}
