/** The page's side of the decoder worker: promises by request id, cancelled by AbortSignal. */
import { aborted, Failure } from '../shared/errors';
import type { CallName, WorkerCalls, WorkerReply, WorkerRequest } from '../shared/messages';

/** The part of a Worker that is used here. */
export interface WorkerLike {
  postMessage(request: WorkerRequest, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<WorkerReply>) => void): void;
  addEventListener(type: 'error', listener: (event: ErrorEvent) => void): void;
  terminate(): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: Failure): void;
}

export interface DecoderBridge {
  call<Name extends CallName>(
    name: Name,
    args: WorkerCalls[Name]['args'],
    options?: { readonly signal?: AbortSignal; readonly transfer?: Transferable[] },
  ): Promise<WorkerCalls[Name]['result']>;
  terminate(): void;
}

export function createBridge(worker: WorkerLike): DecoderBridge {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  const settle = (id: number): Waiting | undefined => {
    const entry = waiting.get(id);
    waiting.delete(id);
    return entry;
  };

  worker.addEventListener('message', ({ data: reply }) => {
    const entry = settle(reply.id);
    if (reply.ok) entry?.resolve(reply.value);
    else entry?.reject(new Failure(reply.error));
  });

  // A worker that fails to start, or throws outside a request, will answer nobody.
  worker.addEventListener('error', (event) => {
    const message = `the decoder worker failed: ${event.message || 'its script could not be loaded'}`;
    for (const id of [...waiting.keys()])
      settle(id)?.reject(new Failure({ kind: 'decoder', what: 'worker-failed', message }));
  });

  const post = (request: WorkerRequest, transfer: Transferable[] = []): void => {
    worker.postMessage(request, transfer);
  };

  return {
    call: (name, args, { signal, transfer } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(new Failure(aborted()));
          return;
        }
        const id = ++lastId;
        const onAbort = (): void => {
          settle(id)?.reject(new Failure(aborted()));
          post({ id, call: 'abort' });
        };
        const release = (): void => signal?.removeEventListener('abort', onAbort);
        waiting.set(id, {
          resolve: (value) => {
            release();
            resolve(value as never);
          },
          reject: (reason) => {
            release();
            reject(reason);
          },
        });
        signal?.addEventListener('abort', onAbort, { once: true });
        post({ id, call: name, ...args } as WorkerRequest, transfer);
      }),
    terminate: () => {
      worker.terminate();
    },
  };
}

/** Start the worker; its script is a file of its own. */
export function startDecoder(): DecoderBridge {
  return createBridge(new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module' }));
}
