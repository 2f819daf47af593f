/** The graphs that answer texts: any query rows, text rows, a mask for every memory. */
import type { TextWirings } from '../shared/manifest';
import type { Feeds, Fetches, Graph } from './graph';
import type { PreparedImage } from './preparedImage';

export class GeneralDecoder {
  readonly step: Graph;
  readonly wirings: TextWirings;
  /** What a cosine of one between a query and a text scores. */
  readonly weight: number;
  readonly #prepare: Graph | null;
  /** By embedding, which drafts of an image share. */
  readonly #prepared = new WeakMap<Feeds, Promise<Fetches>>();

  /** `prepare` is null where it would do what that of the clicks does. */
  constructor(prepare: Graph | null, step: Graph, wirings: TextWirings, weight: number) {
    this.#prepare = prepare;
    this.step = step;
    this.wirings = wirings;
    this.weight = weight;
  }

  /** What `step` needs of an image, computed by the first step that needs it. */
  async prepare(image: PreparedImage): Promise<Fetches> {
    if (this.#prepare === null) return image.tensors;
    const prepared = this.#prepared.get(image.embedding) ?? this.#prepare.run(image.embedding);
    this.#prepared.set(image.embedding, prepared);
    return prepared;
  }
}
