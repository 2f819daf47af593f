import { beforeEach, describe, expect, it } from 'vitest';
import type { DecoderBridge } from '../../src/bridge/decoder';
import { withFallback } from '../../src/bridge/fallback';
import { Failure, type ClientError } from '../../src/shared/errors';
import { WORKER_STAGES } from '../../src/shared/stages';

const STEP = { imageId: 'a', points: [], texts: [], memory: null };
const LOAD = { modelUrl: 'http://server/v1/model', threads: null };

/** A side that answers steps in some milliseconds. */
class Side {
  milliseconds = 10;
  error: ClientError | null = null;
  steps = 0;
  readonly bridge: DecoderBridge = {
    call: ((name: string) => {
      if (this.error !== null) return Promise.reject(new Failure(this.error));
      if (name === 'load') return Promise.resolve({ provider: 'any' });
      this.steps++;
      const none = Object.fromEntries(WORKER_STAGES.map((stage) => [stage, 0]));
      return Promise.resolve({ timings: { ...none, step: this.milliseconds } });
    }) as DecoderBridge['call'],
    onLost: () => undefined,
    terminate: () => undefined,
  };
}

let worker: Side;
let server: Side;
let decoder: DecoderBridge;
let note: string | null | undefined;

async function load(): Promise<void> {
  const info = await decoder.call('load', LOAD);
  note = info.providerNote;
}

function join(unlessSlow?: boolean): void {
  decoder = withFallback(worker.bridge, server.bridge, unlessSlow === undefined ? {} : { unlessSlow });
  decoder.onLost?.(() => void load());
}

async function step(times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    await decoder.call('step', STEP);
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }
}

beforeEach(async () => {
  [worker, server] = [new Side(), new Side()];
  join();
  await load();
});

describe('the server answers', () => {
  it('once the worker takes over half a second for five steps in a row, and says so', async () => {
    worker.milliseconds = 700;
    await step(4);
    worker.milliseconds = 400;
    await step(1);
    worker.milliseconds = 800;
    await step(4);
    expect([note, server.steps]).toEqual([undefined, 0]);
    await step(1);
    expect(note).toBe('Decoding on the server: a click takes 0.8 s in this browser');
    await step(3);
    expect([worker.steps, server.steps]).toEqual([10, 3]);
  });

  it('no longer where it is slower than the worker', async () => {
    [worker.milliseconds, server.milliseconds] = [700, 900];
    await step(10);
    expect(server.steps).toBe(5);
    expect(note).toBeUndefined();
    await step(20);
    expect([worker.steps, server.steps]).toEqual([25, 5]);
  });

  it('no longer where it is out of reach, and the step is asked again', async () => {
    worker.milliseconds = 700;
    await step(5);
    server.error = { kind: 'network', message: 'no answer' };
    await expect(decoder.call('step', STEP)).rejects.toMatchObject({ detail: { what: 'worker-failed' } });
    await step(1);
    expect([worker.steps, note]).toEqual([6, undefined]);
  });

  it('not at all where it is out of reach at once, or a provider is named', async () => {
    [worker.milliseconds, server.error] = [700, { kind: 'network', message: 'no answer' }];
    await step(12);
    expect([worker.steps, note]).toEqual([12, undefined]);
    server.error = null;
    join(false);
    await load();
    await step(12);
    expect([worker.steps, server.steps]).toEqual([24, 0]);
  });
});
