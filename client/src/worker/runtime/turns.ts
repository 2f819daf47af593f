/** Whose turn it is in the worker: one piece of work at a time. */

type Piece = () => Promise<unknown>;

/**
 * Steps go before slices of what can wait; but after a step one slice goes first, so that many steps in a row
 * do not stop what would make them better.
 */
export class Turns {
  readonly #steps: Piece[] = [];
  readonly #slices: Piece[] = [];
  #isBusy = false;

  /** Work that somebody waits for. */
  async step<T>(work: () => Promise<T>): Promise<T> {
    return this.#enqueue(this.#steps, work);
  }

  /** A short part of longer work. */
  async slice<T>(work: () => Promise<T>): Promise<T> {
    return this.#enqueue(this.#slices, work);
  }

  async #enqueue<T>(queue: Piece[], work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      queue.push(() => work().then(resolve, reject));
      if (!this.#isBusy) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    let first = this.#steps;
    for (;;) {
      const other = first === this.#steps ? this.#slices : this.#steps;
      const queue = first.length > 0 ? first : other;
      const piece = queue.shift();
      if (piece === undefined) break;
      await piece();
      await letMessagesIn();
      first = queue === this.#steps ? this.#slices : this.#steps;
    }
    this.#isBusy = false;
  }
}

/** Let the worker send what it has to say and hear what it was told; a timer would wait for milliseconds. */
export async function letMessagesIn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(null);
  });
  port1.close();
}
