import type { Feeds, Fetches } from '../runtime/graph';

/** What the decoder's graphs make of an embedding, once per image. */
export interface Prepared {
  /** Inputs of prepare, whichever rows it holds. */
  readonly embedding: Feeds;
  /** Outputs of prepare; inputs of step under the same names. */
  readonly tensors: Fetches;
  /** The same for steps with texts, once there was one. */
  readonly forTexts: { tensors: Fetches | null };
}
