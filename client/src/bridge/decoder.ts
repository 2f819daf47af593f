/** The page's side of the decoder worker: promises by request id, cancelled by AbortSignal, none of them for ever. */
import { within, type Loaded } from '../api/wait';
import { aborted, Failure, toClientError } from '../shared/errors';
import { lifeName, whenLifeEnds } from '../api/life';
import type { CallName, WorkerCalls, WorkerReply, WorkerRequest } from '../shared/messages';

/** The part of a Worker that is used here. */
export interface WorkerLike {
  postMessage(request: WorkerRequest, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<WorkerReply>) => void): void;
  addEventListener(type: 'error', listener: (event: ErrorEvent) => void): void;
  terminate(): void;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly transfer?: Transferable[];
  readonly onProgress?: (loaded: Loaded) => void;
}

export interface DecoderBridge {
  call<Name extends CallName>(
    name: Name,
    args: WorkerCalls[Name]['args'],
    options?: CallOptions,
  ): Promise<WorkerCalls[Name]['result']>;
  /** Listens for the loss of all that the worker held; the next call starts another, which has to be loaded. */
  onLost?(listener: () => void): void;
  terminate(): void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Failure) => void;
  readonly alive: () => void;
  readonly onProgress: ((loaded: Loaded) => void) | undefined;
}

class Bridge implements DecoderBridge {
  readonly #start: () => WorkerLike;
  readonly #milliseconds: number | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #worker: WorkerLike | null = null;
  #lastId = 0;
  #tellLost: (() => void) | null = null;

  constructor(start: () => WorkerLike, milliseconds?: number) {
    this.#start = start;
    this.#milliseconds = milliseconds;
  }

  call: DecoderBridge['call'] = async (name, args, { signal, transfer = [], onProgress } = {}) => {
    const isCancelled = (): boolean => signal?.aborted ?? false;
    if (isCancelled()) throw new Failure(aborted());
    const id = ++this.#lastId;
    const asked = this.#worker ?? this.#started();
    try {
      return await within(
        { patience: 'worker', signal, milliseconds: this.#milliseconds },
        (_, alive) =>
          new Promise((resolve, reject) => {
            this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject, alive, onProgress });
            asked.postMessage({ id, call: name, ...args } as WorkerRequest, transfer);
          }),
      );
    } catch (error) {
      // What still waits here was neither answered nor lost: it was cancelled, or nothing was heard.
      if (!this.#waiting.delete(id)) throw error;
      if (isCancelled()) asked.postMessage({ id, call: 'abort' }, []);
      else this.#lose(asked, `the decoder worker did not answer: ${name}`);
      throw error;
    }
  };

  onLost(listener: () => void): void {
    this.#tellLost = listener;
  }

  terminate(): void {
    this.#worker?.terminate();
    this.#worker = null;
  }

  #started(): WorkerLike {
    const fresh = this.#start();
    this.#worker = fresh;
    fresh.addEventListener('message', ({ data }) => {
      if (this.#worker === fresh) this.#hear(data);
    });
    fresh.addEventListener('error', (event) =>
      this.#lose(fresh, `the decoder worker failed: ${event.message || 'its script could not be loaded'}`),
    );
    return fresh;
  }

  #hear(reply: WorkerReply): void {
    for (const { alive } of this.#waiting.values()) alive();
    const entry = this.#waiting.get(reply.id);
    if ('progress' in reply) {
      entry?.onProgress?.(reply.progress);
      return;
    }
    this.#waiting.delete(reply.id);
    if (reply.ok) {
      entry?.resolve(reply.value);
      return;
    }
    entry?.reject(new Failure(reply.error));
    if (reply.error.what === 'worker-failed' && this.#worker !== null) {
      this.#lose(this.#worker, reply.error.message);
    }
  }

  #lose(lost: WorkerLike, message: string): void {
    if (this.#worker !== lost) return;
    this.terminate();
    const calls = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of calls) {
      reject(new Failure({ kind: 'decoder', what: 'worker-failed', message }));
    }
    this.#tellLost?.();
  }
}

/**
 * A worker that fails to start, throws outside a request, says that it is broken, or says nothing for `milliseconds`
 * while something is asked of it, is ended: all calls fail, and the listener is told.
 */
export const createBridge = (start: () => WorkerLike, milliseconds?: number): DecoderBridge =>
  new Bridge(start, milliseconds);

/** A worker of that name, which runs `worker/main.ts`. */
export type MakeWorker = (name: string) => Worker;

/** Its script is a file of its own. */
export const makeWorker: MakeWorker = (name) =>
  new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name });

/** Start the worker. */
export const startDecoder = (milliseconds?: number, make: MakeWorker = makeWorker): DecoderBridge =>
  createBridge(() => startWorker(make), milliseconds);

/** A decoder that is made for the first call. */
export function later(make: () => Promise<DecoderBridge>): DecoderBridge {
  let made: Promise<DecoderBridge> | null = null;
  return {
    call: async (name, args, options) => {
      made ??= make();
      // What could not be fetched may be there the next time.
      made.catch(() => (made = null));
      const decoder = await made.catch((error: unknown) => {
        throw new Failure(toClientError(error, 'network'), { cause: error });
      });
      return decoder.call(name, args, options);
    },
    terminate: () => void made?.then((decoder) => decoder.terminate()),
  };
}

function startWorker(make: MakeWorker): Worker {
  const name = lifeName();
  const worker = make(name);
  // It says nothing before it holds its lock.
  const watch = (): void =>
    whenLifeEnds(name, () => worker.dispatchEvent(new ErrorEvent('error', { message: 'it has ended' })));
  worker.addEventListener('message', watch, { once: true });
  return worker;
}
