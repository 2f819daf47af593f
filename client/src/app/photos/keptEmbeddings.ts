/** Embeddings come from this browser where it keeps them, and else from the server. */
import type { Embed } from '../../api/embeddings';

/** What an embedding is of. */
export interface EmbeddingName {
  /** Address of the route that gives it, the file, the canvas and the part of the photo. */
  readonly name: string;
  /** SHA-256 of the file. */
  readonly digest: string;
}

/** Where embeddings are kept. */
export interface EmbeddingShelf {
  find(name: EmbeddingName): Promise<Blob | null>;
  /** Gives the bytes back from where they lie then; null: they are not kept. */
  keep(name: EmbeddingName, bytes: Blob): Promise<Blob | null>;
}

export class KeptEmbeddings {
  readonly #embed: Embed;
  readonly #url: string;
  /** Null until it is open: who has just come has nothing there. */
  #shelf: EmbeddingShelf | null = null;
  readonly #opened: Promise<EmbeddingShelf | null>;
  #open: (shelf: EmbeddingShelf | null) => void = () => undefined;

  /** `url` tells servers and their ways of embedding from each other. */
  constructor(embed: Embed, url: string) {
    this.#embed = embed;
    this.#url = url;
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  /** Null: nothing is kept here. */
  open(shelf: EmbeddingShelf | null): void {
    this.#shelf = shelf;
    this.#open(shelf);
  }

  async #keep(name: EmbeddingName, bytes: Blob): Promise<Blob | null> {
    const shelf = await this.#opened;
    return shelf?.keep(name, bytes).catch(() => null) ?? null;
  }

  readonly embed: Embed = async (photo, options) => {
    const { digest, canvas = null, roi = null, isFresh = false, onKept, onStored } = options;
    if (digest === undefined) return this.#embed(photo, options);
    const name = { name: JSON.stringify([this.#url, digest, canvas, roi]), digest };
    const kept = isFresh ? null : await this.#shelf?.find(name).catch(() => null);
    // What cannot be read any more is fetched again.
    const read = await kept?.arrayBuffer().catch(() => null);
    if (kept && read) {
      onKept?.();
      onStored?.(kept);
      return read;
    }
    const bytes = await this.#embed(photo, options);
    void this.#keep(name, new Blob([bytes])).then((stored) => stored && onStored?.(stored));
    return bytes;
  };
}
