/**
 * The order in which photos are sent to be embedded: of those that are wanted the first at once, the others a few at a
 * time. What nobody wants yet is not sent: a folder may hold hundreds.
 */

interface Waiting {
  readonly id: string;
  readonly start: () => Promise<unknown>;
}

export class EmbedQueue {
  readonly #atOnce: number;
  #waiting: readonly Waiting[] = [];
  #running = 0;
  #wanted: readonly string[] = [];

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

  /** Photos that will be looked at soon, or have prompts to answer; the first is on screen and does not wait. */
  want(ids: readonly string[]): void {
    this.#wanted = ids;
    this.#advance();
  }

  #advance(): void {
    const [shown] = this.#wanted;
    const first = this.#waiting.find(({ id }) => id === shown);
    if (first !== undefined) this.#start(first);
    if (this.#running >= this.#atOnce) return;
    const next = this.#wanted.find((id) => this.#waiting.some((waiting) => waiting.id === id));
    const waiting = this.#waiting.find(({ id }) => id === next);
    if (waiting === undefined) return;
    this.#start(waiting);
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
