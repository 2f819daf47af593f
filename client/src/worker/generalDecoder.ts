/** The graphs that answer texts: any query rows, text rows, a mask for every memory. */
import type { TextWirings } from '../shared/manifest';
import type { DecoderGraphs, Feeds, Fetches } from './graph';

export class GeneralDecoder {
  readonly graphs: DecoderGraphs;
  readonly wirings: TextWirings;
  /** What a cosine of one between a query and a text scores. */
  readonly weight: number;
  readonly #prepared = new WeakMap<Feeds, Promise<Fetches>>();

  constructor(graphs: DecoderGraphs, wirings: TextWirings, weight: number) {
    this.graphs = graphs;
    this.wirings = wirings;
    this.weight = weight;
  }

  /** What prepare makes of an embedding, computed by the first step that needs it. */
  prepare(embedding: Feeds): Promise<Fetches> {
    const prepared = this.#prepared.get(embedding) ?? this.graphs.prepare.run(embedding);
    this.#prepared.set(embedding, prepared);
    return prepared;
  }
}
