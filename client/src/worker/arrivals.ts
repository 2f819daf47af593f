/**
 * What can be prepared of an image while its bytes come: the levels, which come first, and the pieces of `prepare` that
 * need nothing else. Only time is won; the image is opened from all its bytes, as if nothing had been done before.
 */
import { EmbeddingStream } from '../codec/embeddingStream';
import type { Embedding, NamedTensor } from '../shared/types';
import type { Decoder } from './decoder';
import { levelsOf } from './featureMaps';
import type { Fetches, Graph } from './graph';
import { prepareFeeds } from './prepareFeeds';

import type { Turns } from './turns';

/** What was prepared of an image before its last byte. */
export interface Early {
  readonly levels: ReturnType<typeof levelsOf>;
  /** Outputs of the pieces of `prepare` that ran. */
  readonly tensors: Fetches;
  readonly pieces: ReadonlySet<Graph>;
}

interface Arrival {
  readonly stream: EmbeddingStream;
  readonly tensors: Map<string, NamedTensor>;
  early: Early | null;
  /** Settles when nothing is being done. */
  working: Promise<void> | null;
  isOver: boolean;
}

export class Arrivals {
  readonly #turns: Turns;
  readonly #arriving = new Map<string, Arrival>();

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** The next bytes of an image; those at 0 begin anew. */
  receive(decoder: Decoder, id: string, bytes: Uint8Array, at: number): void {
    if (at === 0) this.#begin(id);
    const arrival = this.#arriving.get(id);
    if (arrival?.stream.length !== at) return;
    for (const tensor of arrival.stream.push(bytes)) arrival.tensors.set(tensor.name, tensor);
    arrival.working ??= this.#prepare(decoder, arrival);
  }

  /** What was prepared of this embedding of so many bytes, with which nobody goes on; null when nothing was. */
  async take(id: string, { key }: Embedding, length: number): Promise<Early | null> {
    const arrival = this.#arriving.get(id);
    this.drop(id);
    await arrival?.working;
    const isSame = arrival?.stream.head?.key === key && arrival.stream.length === length;
    return isSame ? arrival.early : null;
  }

  drop(id: string): void {
    const arrival = this.#arriving.get(id);
    if (arrival !== undefined) arrival.isOver = true;
    this.#arriving.delete(id);
  }

  #begin(id: string): void {
    this.drop(id);
    const tensors = new Map<string, NamedTensor>();
    const stream = new EmbeddingStream();
    this.#arriving.set(id, { stream, tensors, early: null, working: null, isOver: false });
  }

  /** Null while levels are missing, or when they are of another model. */
  #prepare({ manifest, graphs }: Decoder, arrival: Arrival): Promise<void> | null {
    const { tensors, stream } = arrival;
    const [level0, level1, level2] = ['level0', 'level1', 'level2'].map((name) => tensors.get(name));
    if (!level0 || !level1 || !level2 || stream.head?.fingerprint !== manifest.fingerprint) return null;
    const work = async (): Promise<void> => {
      const levels = await this.#turns.slice(async () =>
        Promise.resolve(levelsOf({ level0, level1, level2 })),
      );
      const feeds = prepareFeeds(levels);
      let early: Early = { levels, tensors: {}, pieces: new Set() };
      arrival.early = early;
      for (const piece of graphs.prepare.filter(needsOnly(Object.keys(feeds)))) {
        if (arrival.isOver) return;
        const made = await this.#turns.slice(() => piece.run(feeds));
        early = {
          levels,
          tensors: { ...early.tensors, ...made },
          pieces: new Set([...early.pieces, piece]),
        };
        arrival.early = early;
      }
    };
    // What fails here fails again, and is told, when the image is opened.
    return work().catch(() => undefined);
  }
}

const needsOnly =
  (names: readonly string[]) =>
  ({ inputs }: Graph): boolean =>
    inputs?.every((name) => names.includes(name)) === true;
