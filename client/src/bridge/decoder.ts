/** The page's side of the decoder worker: promises by request id, cancelled by AbortSignal, none of them for ever. */
import { within, type Loaded } from '../api/wait';
import { aborted, Failure } from '../shared/errors';
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
  /** Whoever is told that all that the worker held is lost; the next call starts another, which has to be loaded. */
  onLost?(listener: () => void): void;
  terminate(): void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Failure) => void;
  readonly alive: () => void;
  readonly onProgress: ((loaded: Loaded) => void) | undefined;
}

/**
 * A worker that fails to start, throws outside a request, or says nothing for `milliseconds` while something is
 * asked of it, is ended: all calls fail, and the listener is told.
 */
export function createBridge(start: () => WorkerLike, milliseconds?: number): DecoderBridge {
  const waiting = new Map<number, Waiting>();
  let worker: WorkerLike | null = null;
  let lastId = 0;
  let onLost: (() => void) | null = null;

  const lose = (lost: WorkerLike, message: string): void => {
    if (worker !== lost) return;
    worker = null;
    lost.terminate();
    const calls = [...waiting.values()];
    waiting.clear();
    for (const { reject } of calls) {
      reject(new Failure({ kind: 'decoder', what: 'worker-failed', message }));
    }
    onLost?.();
  };

  const hear = (reply: WorkerReply): void => {
    for (const { alive } of waiting.values()) alive();
    const entry = waiting.get(reply.id);
    if ('progress' in reply) {
      entry?.onProgress?.(reply.progress);
      return;
    }
    waiting.delete(reply.id);
    if (reply.ok) entry?.resolve(reply.value);
    else entry?.reject(new Failure(reply.error));
  };

  const started = (): WorkerLike => {
    const fresh = start();
    worker = fresh;
    fresh.addEventListener('message', ({ data }) => {
      if (worker === fresh) hear(data);
    });
    fresh.addEventListener('error', (event) => {
      lose(fresh, `the decoder worker failed: ${event.message || 'its script could not be loaded'}`);
    });
    return fresh;
  };

  return {
    call: async (name, args, { signal, transfer = [], onProgress } = {}) => {
      const isCancelled = (): boolean => signal?.aborted ?? false;
      if (isCancelled()) throw new Failure(aborted());
      const id = ++lastId;
      const asked = worker ?? started();
      try {
        return await within(
          { patience: 'worker', signal, milliseconds },
          (_, alive) =>
            new Promise((resolve, reject) => {
              waiting.set(id, { resolve: resolve as Waiting['resolve'], reject, alive, onProgress });
              asked.postMessage({ id, call: name, ...args } as WorkerRequest, transfer);
            }),
        );
      } catch (error) {
        // What still waits here was neither answered nor lost: it was cancelled, or nothing was heard.
        if (!waiting.delete(id)) throw error;
        if (isCancelled()) asked.postMessage({ id, call: 'abort' }, []);
        else lose(asked, `the decoder worker did not answer: ${name}`);
        throw error;
      }
    },
    onLost: (listener) => {
      onLost = listener;
    },
    terminate: () => {
      worker?.terminate();
      worker = null;
    },
  };
}

/** Start the worker; its script is a file of its own. */
export const startDecoder = (milliseconds?: number): DecoderBridge =>
  createBridge(
    () => new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module' }),
    milliseconds,
  );
