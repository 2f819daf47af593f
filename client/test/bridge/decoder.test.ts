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
  return { bridge: createBridge(() => worker), requests, emit };
}

const ask = (imageId: string) => ({ imageId, points: [], texts: [], memory: null });

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

  it('that fetch or open let the others pass', async () => {
    const { bridge } = connect({
      fetchText: () => new Promise(() => undefined),
      open: () => new Promise(() => undefined),
      step: () => Promise.reject(new Error('asked')),
    });
    void bridge.call('fetchText', {});
    void bridge.call('open', { imageId: 'a', bytes: new ArrayBuffer(0) });
    await expect(bridge.call('step', ask('a'))).rejects.toThrow('asked');
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
      step: ({ imageId }) => {
        started.push(imageId);
        return new Promise((_, reject) => {
          finishFirst = () => {
            reject(new Error('finished'));
          };
        });
      },
    });
    const first = bridge.call('step', ask('a'));
    const abort = new AbortController();
    const second = bridge.call('step', ask('b'), { signal: abort.signal });
    abort.abort();
    await expect(second).rejects.toMatchObject({ detail: { kind: 'aborted' } });
    finishFirst();
    await expect(first).rejects.toThrow('finished');
    await Promise.resolve();
    expect(started).toEqual(['a']);
  });

  it('reaches what runs already, and ends it', async () => {
    const { bridge } = connect({
      open: (_, signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            stopped = true;
            reject(new Error('stopped'));
          });
        }),
    });
    let stopped = false;
    const abort = new AbortController();
    const call = bridge.call('open', { imageId: 'a', bytes: new ArrayBuffer(0) }, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ detail: { kind: 'aborted' } });
    expect(stopped).toBe(true);
  });

  it('before the call sends nothing', async () => {
    const { bridge, requests } = connect({});
    const call = bridge.call('close', { imageId: 'a' }, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ detail: { kind: 'aborted' } });
    expect(requests).toEqual([]);
  });
});

describe('a worker that is lost', () => {
  /** Workers that say nothing until they are told to. */
  function mute(milliseconds?: number) {
    const workers: { emit: (type: string, event: unknown) => void; isEnded: boolean }[] = [];
    const bridge = createBridge(() => {
      const listeners = new Map<string, Listener>();
      const worker = {
        isEnded: false,
        emit: (type: string, event: unknown): void => listeners.get(type)?.(event as never),
        postMessage: () => undefined,
        addEventListener: (type: string, listener: Listener) => void listeners.set(type, listener),
        terminate: () => {
          worker.isEnded = true;
        },
      };
      workers.push(worker);
      return worker;
    }, milliseconds);
    let losses = 0;
    bridge.onLost?.(() => losses++);
    return { bridge, workers, losses: () => losses };
  }

  const failureOf = async (call: Promise<unknown>): Promise<unknown> =>
    detailOf(await call.catch((error: unknown) => error));

  it('by an error fails all that was asked of it, and the next call starts another', async () => {
    const { bridge, workers, losses } = mute();
    const calls = [bridge.call('step', ask('a')), bridge.call('close', { imageId: 'a' })].map(failureOf);
    workers[0]?.emit('error', { message: 'out of memory' });
    for (const failure of await Promise.all(calls)) expect(failure).toMatchObject({ what: 'worker-failed' });
    expect(losses()).toBe(1);
    expect(workers[0]?.isEnded).toBe(true);

    const again = bridge.call('close', { imageId: 'a' });
    expect(workers).toHaveLength(2);
    workers[1]?.emit('message', { data: { id: 3, ok: true, value: null } });
    expect(await again).toBeNull();
  });

  it('by silence is ended', async () => {
    const { bridge, workers, losses } = mute(50);
    expect(await failureOf(bridge.call('step', ask('a')))).toMatchObject({ what: 'worker-failed' });
    expect(losses()).toBe(1);
    expect(workers[0]?.isEnded).toBe(true);
  });

  it('is not one that tells of progress', async () => {
    const { bridge, workers, losses } = mute(400);
    const heard: number[] = [];
    const call = bridge.call(
      'load',
      { modelUrl: '', threads: null },
      { onProgress: ({ bytes }) => heard.push(bytes) },
    );
    for (let bytes = 1; bytes <= 6; bytes++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      workers[0]?.emit('message', { data: { id: 1, progress: { bytes, total: null } } });
    }
    workers[0]?.emit('message', { data: { id: 1, ok: true, value: null } });
    await call;
    expect(heard).toEqual([1, 2, 3, 4, 5, 6]);
    expect(losses()).toBe(0);
  });
});
