/**
 * Whether a worker still lives: it holds a lock of its name, which the browser takes back when it has ended, however
 * it did. A worker that ends by itself, or is ended by the browser, does not say so.
 */

const PREFIX = 'splitseem-life-';

/** Missing on pages without a secure context, whatever its type says; the end is noticed by silence there. */
const locks = (): LockManager | undefined => (navigator as { readonly locks?: LockManager }).locks;

/** A name that no other worker has, in any tab. */
export const lifeName = (): string =>
  PREFIX + [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join('-');

/** In the worker: hold the lock from now on. Settles once it is held, or cannot be. */
export function holdLife(name: string): Promise<void> {
  return new Promise((resolve) => {
    const held = locks()?.request(name, () => {
      resolve();
      return new Promise<never>(() => undefined);
    });
    if (held === undefined) resolve();
    else held.catch(() => resolve());
  });
}

/** On the page, once the worker holds the lock: call the listener when it has ended. */
export function whenLifeEnds(name: string, listener: () => void): void {
  locks()
    ?.request(name, listener)
    .catch(() => undefined);
}
