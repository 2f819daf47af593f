/** A decoder graph as the rest of the worker sees it: named tensors in, named tensors out. */

export interface FloatTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export interface LongTensor {
  readonly dims: readonly number[];
  readonly data: BigInt64Array;
}

export type Feeds = Readonly<Record<string, FloatTensor | LongTensor>>;
export type Fetches = Readonly<Record<string, FloatTensor>>;

export interface Graph {
  /** Names of what it reads; absent where that is not known. */
  readonly inputs?: readonly string[];
  /** It is opened once for every size of its inputs, so few sizes are faster. */
  readonly hasFixedSizes?: boolean;
  run(feeds: Feeds): Promise<Fetches>;
  release(): Promise<void>;
}

/** The graphs of one decoder. */
export interface DecoderGraphs {
  /** In pieces, where the model has them: their outputs together are those of the whole. */
  readonly prepare: readonly Graph[];
  readonly step: Graph;
}

/** The output of that name; its absence is a broken graph file. */
export function output(fetches: Fetches, name: string): FloatTensor {
  const tensor = fetches[name];
  if (tensor === undefined) throw new Error(`the graph has no output ${name}`);
  return tensor;
}
