import { describe, expect, it } from 'vitest';
import { providerFrom, type ProviderWish } from '../../../src/shared/model/providers';
import type { LabelledPoint } from '../../../src/shared/types';
import type { Graph } from '../../../src/worker/runtime/graph';
import { Objection, choose, relativeDifference, type Candidate } from '../../../src/worker/runtime/providers';
import { slotsFor } from '../../../src/worker/prompt/slots';

/** Opens something that answers so, taking one of the times in turn. */
function provider(name: string, logits: readonly number[], times: readonly number[], log: string[]) {
  let attempts = 0;
  const candidate: Candidate<string> = {
    opened: name,
    attempt: () => {
      const milliseconds = times[Math.min(attempts++, times.length - 1)] ?? NaN;
      return Promise.resolve({
        logits: { height: 1, width: logits.length, data: Float32Array.from(logits) },
        milliseconds,
      });
    },
    release: () => {
      log.push(`${name} released`);
      return Promise.resolve();
    },
  };
  return () => Promise.resolve(candidate);
}

const RIGHT = [3, -4, 5];

async function choice(
  wish: ProviderWish,
  logits: readonly number[],
  times: readonly number[],
): Promise<{ provider: string; opened: string; note: string | null; log: string[] }> {
  const log: string[] = [];
  const found = await choose(
    wish,
    provider('processor', RIGHT, [20], log),
    provider('gpu', logits, times, log),
  );
  return { ...found, log };
}

describe('the choice of a provider', () => {
  it('is the processor when nothing else is wanted, and the GPU is not even looked for', async () => {
    const log: string[] = [];
    const gpu = (): Promise<Candidate<string>> => {
      throw new Error('looked for');
    };
    const found = await choose('wasm', provider('processor', RIGHT, [20], log), gpu);
    expect(found).toEqual({ provider: 'wasm', opened: 'processor', note: null });
  });

  it('is the GPU when it is wanted, computes the same and is faster once it has compiled', async () => {
    expect(await choice('webgpu', [3.001, -4, 5], [900, 4])).toEqual({
      provider: 'webgpu',
      opened: 'gpu',
      note: null,
      log: ['processor released'],
    });
  });

  it.each([
    ['returns zeros', [0, 0, 0], 'differs from that of the processor by 100.0 %'],
    ['is wrong', [3, -4, 4], 'differs from that of the processor by 14.1 %'],
    ['is not a number', [NaN, -4, 5], 'differs'],
    ['has another size', [3, -4], 'differs'],
  ])('is not a GPU whose mask %s, wanted or forced', async (_, logits, reason) => {
    for (const wish of ['webgpu', 'webgpu-forced'] as const) {
      const found = await choice(wish, logits, [1]);
      expect(found).toMatchObject({ provider: 'wasm', opened: 'processor', log: ['gpu released'] });
      expect(found.note).toContain(reason);
    }
  });

  it('is not a slower GPU, unless it is forced', async () => {
    expect(await choice('webgpu', RIGHT, [30])).toMatchObject({
      provider: 'wasm',
      note: 'WebGPU is not used: a click takes 30 ms, 20 ms on the processor',
    });
    expect(await choice('webgpu-forced', RIGHT, [30])).toMatchObject({ provider: 'webgpu', note: null });
  });

  it.each([
    [new Objection('there is only a software GPU'), 'there is only a software GPU'],
    [new Error('[WebGPU] Failed to create shader module -sASSERTIONS'), 'it fails in this browser'],
  ])('is the processor when opening on the GPU fails with %s', async (error, reason) => {
    const log: string[] = [];
    const broken = (): Promise<never> => Promise.reject(error);
    const found = await choose('webgpu', provider('processor', RIGHT, [20], log), broken);
    expect(found).toEqual({
      provider: 'wasm',
      opened: 'processor',
      note: `WebGPU is not used: ${reason}`,
    });
  });
});

it('differences are relative to what is expected', () => {
  expect(relativeDifference(Float32Array.of(3, 4.5), Float32Array.of(3, 4))).toBeCloseTo(0.1);
  expect(relativeDifference(Float32Array.of(0), Float32Array.of(0))).toBe(0);
});

it.each([
  ['', 'wasm'],
  ['?provider=wasm', 'wasm'],
  ['?threads=2&provider=webgpu', 'webgpu'],
  ['?provider=webgpu-forced', 'webgpu-forced'],
  ['?provider=cuda', 'wasm'],
])('the address %s asks for %s', (query, wish) => {
  expect(providerFrom(query)).toBe(wish);
});

describe('point slots', () => {
  const graph = (hasFixedSizes: boolean): Graph => ({
    hasFixedSizes,
    run: () => Promise.resolve({}),
    release: () => Promise.resolve(),
  });
  const points = (count: number) => Array<LabelledPoint>(count).fill({ x: 1, y: 2, label: 1 });

  it('are as many as there are points where sizes do not matter', () => {
    expect(slotsFor(graph(false), points(5))).toHaveLength(5);
  });

  it.each([
    [1, 4],
    [4, 4],
    [5, 16],
    [512, 1024],
  ])('for %i points are %i where sizes are fixed, padded at the end', (count, size) => {
    const slots = slotsFor(graph(true), points(count));
    expect(slots).toHaveLength(size);
    expect(slots.slice(0, count)).toEqual(points(count));
    expect(new Set(slots.slice(count).map(({ label }) => label))).toEqual(new Set(size > count ? [-1] : []));
  });
});
