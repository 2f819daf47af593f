/** Every wait of the page and of its worker: for what, how long at most, and how it is cancelled. */
import { aborted, Failure, type ClientError } from '../shared/errors';

/** Bytes that have come, and all of them where that is known. */
export interface Loaded {
  readonly bytes: number;
  readonly total: number | null;
}

/** Milliseconds without any sign of life after which a wait ends; bytes that come or go are signs. */
export const PATIENCE = {
  /** Of a server that computes: official models take long on a processor. */
  embedding: 120_000,
  texts: 60_000,
  decoding: 60_000,
  /** Of files that lie ready. */
  file: 30_000,
  /** Of the worker: the slowest single step of the largest model. */
  worker: 90_000,
} as const;

export type Patience = keyof typeof PATIENCE;

export interface Wait {
  readonly patience: Patience;
  /** Ends the wait as cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Most milliseconds, instead of the usual. */
  readonly milliseconds?: number | undefined;
}

const FAILURES: Readonly<Record<Patience, Pick<ClientError, 'what'> & { kind: 'network' | 'decoder' }>> = {
  embedding: { kind: 'network', what: 'server-silent' },
  texts: { kind: 'network', what: 'server-silent' },
  decoding: { kind: 'network', what: 'server-silent' },
  file: { kind: 'network', what: 'server-silent' },
  worker: { kind: 'decoder', what: 'worker-failed' },
};

/**
 * Do something that may never end. `act` is given a signal that ends it, and what it calls at every sign of life.
 *
 * @throws Failure `aborted` when the caller's signal says so, or what the table says after silence; what `act` throws
 * otherwise.
 */
export async function within<T>(
  { patience, signal, milliseconds = PATIENCE[patience] }: Wait,
  act: (signal: AbortSignal, alive: () => void) => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) throw new Failure(aborted());
  const control = new AbortController();
  let end: (failure: Failure) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    end = (failure) => {
      reject(failure);
      control.abort();
    };
  });
  const onAbort = (): void => end(new Failure(aborted()));
  const onSilence = (): void => {
    const message = `nothing was heard for ${milliseconds} ms while waiting for: ${patience}`;
    end(new Failure({ ...FAILURES[patience], message }));
  };
  let isOver = false;
  let timer = setTimeout(onSilence, milliseconds);
  const alive = (): void => {
    clearTimeout(timer);
    if (!isOver) timer = setTimeout(onSilence, milliseconds);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([act(control.signal, alive), ended]);
  } catch (error) {
    control.abort();
    throw error;
  } finally {
    isOver = true;
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
