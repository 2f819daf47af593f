import { expect, it } from 'vitest';
import type { DecoderBridge } from '../../src/bridge/decoder';
import { LoadedDecoder } from '../../src/pieces/loadedDecoder';
import { Failure } from '../../src/shared/errors';
import type { StepArgs } from '../../src/shared/messages';

const IMAGE = { id: 'image-1', bytes: new ArrayBuffer(8), photo: null };
const STEP = { imageId: 'image-1' } as StepArgs;

/** A worker that dies at its first step. */
function dying() {
  const calls: string[] = [];
  let lose = (): void => undefined;
  const call = (name: string): Promise<unknown> => {
    calls.push(name);
    if (name !== 'step' || calls.filter((one) => one === 'step').length > 1)
      return Promise.resolve({ area: 1 });
    lose();
    return Promise.reject(new Failure({ kind: 'decoder', what: 'worker-failed', message: 'it died' }));
  };
  const onLost = (listener: () => void): void => {
    lose = listener;
  };
  const bridge = { call, onLost, terminate: () => calls.push('terminate') } as unknown as DecoderBridge;
  return { calls, decoder: new LoadedDecoder(bridge, { modelUrl: '/v1/model', threads: null }) };
}

it('gives a worker that takes the place of a dead one its images again', async () => {
  const { calls, decoder } = dying();
  await decoder.open(IMAGE);
  expect(await decoder.step(IMAGE, STEP)).toEqual({ area: 1 });
  expect(calls).toEqual(['load', 'open', 'step', 'load', 'open', 'step']);
});

it('opens an image once, and lets it go', async () => {
  const { calls, decoder } = dying();
  await Promise.all([decoder.open(IMAGE), decoder.open(IMAGE)]);
  await decoder.close(IMAGE);
  await decoder.close(IMAGE);
  expect(calls).toEqual(['load', 'open', 'close']);
});
