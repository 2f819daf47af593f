/** What the benchmark asks of the page, and what it hears; written and read by `benchmarks/browser`. */

export interface Feed {
  readonly name: string;
  readonly dtype: 'float32' | 'int64';
  readonly dims: readonly number[];
}

export interface Contender {
  readonly name: string;
  readonly canvas: number;
  /** Address of a graph, or of the manifest of a whole click. */
  readonly file: string;
  readonly feeds: readonly Feed[];
  /** Address of a graph of the same matrix products and nothing else. */
  readonly products: string | null;
  /** Address of the embedding of a whole click. */
  readonly embedding: string | null;
}

export interface Plan {
  readonly contenders: readonly Contender[];
  readonly threads: number;
  /** Every contender runs once a round, for at most this many rounds and about this long. */
  readonly rounds: number;
  readonly seconds: number;
}

/** Milliseconds of each run by part, "run" and "products" or the parts of a click. */
export type Samples = Readonly<Record<string, readonly number[]>>;

export interface Outcome {
  readonly threads: number;
  readonly userAgent: string;
  /** In the order of the contenders. */
  readonly samples: readonly Samples[];
  readonly error: string | null;
}
