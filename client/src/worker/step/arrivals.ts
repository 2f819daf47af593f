/**
 * What can be prepared of an image while its bytes come: the levels, which come first, and the pieces of `prepare` that
 * need nothing else. Only time is won; the image is opened from all its bytes, as if nothing had been done before.
 */
import { EmbeddingStream } from '../../codec/embeddingStream';
import type { Embedding, NamedTensor } from '../../shared/types';
import type { Decoder } from './decoder';
import { levelsOf, type LevelName } from '../layers/featureMaps';
import type { Fetches, Graph } from '../runtime/graph';
import { prepareFeeds } from '../decode/prepareFeeds';
import type { Turns } from '../runtime/turns';

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

  /** The next bytes of an image; those at 0 start again. */
  receive(decoder: Decoder, id: string, bytes: Uint8Array, at: number): void {
    if (at === 0) this.#begin(id);
    const arrival = this.#arriving.get(id);
    if (arrival?.stream.length !== at) return;
    for (const tensor of arrival.stream.push(bytes)) arrival.tensors.set(tensor.name, tensor);
    const levels = levelsIn(arrival);
    if (levels === null || arrival.stream.head?.fingerprint !== decoder.manifest.fingerprint) return;
    // What fails here fails again, and is told, when the image is opened.
    arrival.working ??= this.#prepare(decoder, arrival, levels).catch(() => undefined);
  }

  /** What was prepared of this embedding of `length` bytes, which ends its preparation; null when nothing was. */
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

  async #prepare({ graphs }: Decoder, arrival: Arrival, sent: Levels): Promise<void> {
    const levels = await this.#turns.slice(async () => Promise.resolve(levelsOf(sent)));
    const feeds = prepareFeeds(levels);
    let early: Early = { levels, tensors: {}, pieces: new Set() };
    arrival.early = early;
    for (const piece of graphs.prepare.filter(needsOnly(Object.keys(feeds)))) {
      if (arrival.isOver) return;
      const made = await this.#turns.slice(() => piece.run(feeds));
      early = { levels, tensors: { ...early.tensors, ...made }, pieces: new Set([...early.pieces, piece]) };
      arrival.early = early;
    }
  }
}

type Levels = Readonly<Record<LevelName, NamedTensor>>;

/** Null while one is missing. */
function levelsIn({ tensors }: Arrival): Levels | null {
  const [level0, level1, level2] = ['level0', 'level1', 'level2'].map((name) => tensors.get(name));
  return level0 && level1 && level2 ? { level0, level1, level2 } : null;
}

const needsOnly =
  (names: readonly string[]) =>
  ({ inputs }: Graph): boolean =>
    inputs?.every((name) => names.includes(name)) === true;
