/**
 * The order in which photos are sent to be embedded: the one on screen at once, the others a few at a time, in the
 * order in which they were opened.
 */

interface Waiting {
  readonly id: string;
  readonly start: () => Promise<unknown>;
}

export class EmbedQueue {
  readonly #atOnce: number;
  #waiting: readonly Waiting[] = [];
  #running = 0;
  #shown: string | null = null;

  /** `atOnce`: photos in the background that are sent at the same time. */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** A photo is to be sent; `start` settles when it needs no turn any more. A second call takes the place of the first. */
  add(id: string, start: () => Promise<unknown>): void {
    this.remove(id);
    this.#waiting = [...this.#waiting, { id, start }];
    this.#advance();
  }

  /** Forget a photo that has not been sent. */
  remove(id: string): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.id !== id);
  }

  /** Another photo is on screen; it does not wait. */
  show(id: string | null): void {
    this.#shown = id;
    this.#advance();
  }

  #advance(): void {
    const shown = this.#waiting.find(({ id }) => id === this.#shown);
    if (shown !== undefined) this.#start(shown);
    const next = this.#waiting[0];
    if (next === undefined || this.#running >= this.#atOnce) return;
    this.#start(next);
    this.#advance();
  }

  #start({ id, start }: Waiting): void {
    this.remove(id);
    this.#running++;
    const leave = (): void => {
      this.#running--;
      this.#advance();
    };
    start().then(leave, leave);
  }
}
