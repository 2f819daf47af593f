import { describe, expect, it } from 'vitest';
import { createBridge, type WorkerLike } from '../../src/bridge/decoder';
import { Failure } from '../../src/shared/errors';
import type { WorkerReply, WorkerRequest } from '../../src/shared/messages';
import type { Engine } from '../../src/worker/engine';
import { serve, type Port } from '../../src/worker/serve';

type Listener = (event: never) => void;

/** A worker in the same thread: the real `serve` over a fake engine. */
function connect(engine: Partial<Engine>) {
  const listeners = new Map<string, Listener>();
  const requests: WorkerRequest[] = [];
  const emit = (type: string, event: unknown): void => listeners.get(type)?.(event as never);
  const port: Port = {
    onmessage: null,
    postMessage: (reply: WorkerReply) => {
      emit('message', { data: reply });
    },
  };
  serve(port, engine as Engine);
  const worker: WorkerLike = {
    postMessage: (data) => {
      requests.push(data);
      port.onmessage?.({ data } as MessageEvent<WorkerRequest>);
    },
    addEventListener: (type: string, listener: Listener) => void listeners.set(type, listener),
    terminate: () => undefined,
  };
  return { bridge: createBridge(worker), requests, emit };
}

const detailOf = (thrown: unknown): unknown => (thrown instanceof Failure ? thrown.detail : thrown);

describe('calls', () => {
  it('are answered by id, in order', async () => {
    const order: string[] = [];
    const { bridge } = connect({
      close: ({ imageId }) => {
        order.push(imageId);
        return Promise.resolve(null);
      },
    });
    await Promise.all([bridge.call('close', { imageId: 'a' }), bridge.call('close', { imageId: 'b' })]);
    expect(order).toEqual(['a', 'b']);
  });

  it('carry the kind of an error', async () => {
    const error = { kind: 'fingerprint', message: 'another model', embedding: 'a', decoder: 'b' } as const;
    const { bridge } = connect({ close: () => Promise.reject(new Failure(error)) });
    const thrown: unknown = await bridge.call('close', { imageId: 'a' }).catch((e: unknown) => e);
    expect(detailOf(thrown)).toEqual(error);
  });

  it('turn what the runtime throws into a decoder error', async () => {
    const { bridge } = connect({ close: () => Promise.reject(new Error('out of memory')) });
    const thrown: unknown = await bridge.call('close', { imageId: 'a' }).catch((e: unknown) => e);
    expect(detailOf(thrown)).toEqual({ kind: 'decoder', message: 'out of memory' });
  });

  it('that only fetch let the others pass', async () => {
    const { bridge } = connect({
      fetchText: () => new Promise(() => undefined),
      close: () => Promise.resolve(null),
    });
    void bridge.call('fetchText', {});
    await expect(bridge.call('close', { imageId: 'a' })).resolves.toBeNull();
  });

  it('all fail when the worker fails', async () => {
    const { bridge, emit } = connect({ close: () => new Promise(() => undefined) });
    const call = bridge.call('close', { imageId: 'a' });
    emit('error', { message: 'syntax error' });
    await expect(call).rejects.toThrow(/worker failed: syntax error/);
  });
});

describe('abort', () => {
  it('ends the promise at once and never starts what waits', async () => {
    const started: string[] = [];
    let finishFirst = (): void => undefined;
    const { bridge } = connect({
      close: ({ imageId }) => {
        started.push(imageId);
        return new Promise((resolve) => {
          finishFirst = () => {
            resolve(null);
          };
        });
      },
    });
    const first = bridge.call('close', { imageId: 'a' });
    const abort = new AbortController();
    const second = bridge.call('close', { imageId: 'b' }, { signal: abort.signal });
    abort.abort();
    await expect(second).rejects.toMatchObject({ detail: { kind: 'aborted' } });
    finishFirst();
    await first;
    await Promise.resolve();
    expect(started).toEqual(['a']);
  });

  it('before the call sends nothing', async () => {
    const { bridge, requests } = connect({});
    const call = bridge.call('close', { imageId: 'a' }, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ detail: { kind: 'aborted' } });
    expect(requests).toEqual([]);
  });
});
