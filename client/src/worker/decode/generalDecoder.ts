/** The graphs that answer texts: any query rows, text rows, a mask for every memory. */
import type { TextWirings } from '../../shared/model/manifest';
import type { Fetches, Graph } from '../runtime/graph';
import type { Prepared } from './prepared';

export class GeneralDecoder {
  readonly step: Graph;
  readonly wirings: TextWirings;
  /** What a cosine of one between a query and a text scores. */
  readonly weight: number;
  readonly #prepare: Graph | null;

  /** `prepare` is null where it would do what that of the clicks does. */
  constructor(prepare: Graph | null, step: Graph, wirings: TextWirings, weight: number) {
    this.#prepare = prepare;
    this.step = step;
    this.wirings = wirings;
    this.weight = weight;
  }

  /** What `step` needs of an image, computed by the first step that needs it; steps take turns. */
  async prepare({ tensors, embedding, forTexts }: Prepared): Promise<Fetches> {
    if (this.#prepare === null) return tensors;
    return (forTexts.tensors ??= await this.#prepare.run(embedding));
  }
}
