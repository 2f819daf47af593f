import { beforeEach, describe, expect, it } from 'vitest';
import {
  engine,
  FILES,
  MANIFEST,
  MODEL_URL,
  opened,
  refusalOf,
  seen,
  serveTinyModel,
  tensor,
  WITH_TEXT,
} from './tinyModel';

serveTinyModel();

describe('texts', () => {
  const point = { x: 70.5, y: 50.5, label: 1 } as const;
  /** Agrees with the class embedding of query 1. */
  const dog = { tokens: Float32Array.of(1, 2, 3), sentence: Float32Array.of(0, 2) };
  const ask = { imageId: 'a', points: [], texts: [dog], memory: null };

  beforeEach(() => {
    seen.served[''] = JSON.stringify(WITH_TEXT);
  });

  it('have graphs of their own, which clicks neither fetch nor wait for', async () => {
    const ready = await opened();
    await ready.step({ ...ask, points: [point], texts: [] });
    expect(seen.fetched.filter((name) => name.startsWith('general'))).toEqual([]);
    expect(seen.asked).toEqual([]);
    await ready.step(ask);
    await ready.step(ask);
    expect(seen.fetched.filter((name) => name.startsWith('general'))).toHaveLength(2);
    expect(seen.asked).toHaveLength(2);
    expect(seen.generallyPrepared).toBe(1);
  });

  it('share what prepare made for clicks where the graphs are the same', async () => {
    const { prepare } = MANIFEST.graphs;
    const graphs = { ...WITH_TEXT.graphs, general_prepare: { ...prepare, file: 'general_prepare.onnx' } };
    seen.served[''] = JSON.stringify({ ...WITH_TEXT, graphs });
    const ready = await opened();
    await ready.step(ask);
    expect(seen.fetched).not.toContain('general_prepare.onnx');
    expect(seen.asked[0]?.key0).toEqual(tensor([7], 1));
  });

  it('are laid out with all queries, a mask for every memory, and rows of text', async () => {
    const ready = await opened();
    const first = await ready.step(ask);
    await ready.step({ ...ask, points: [point], texts: [dog, dog], memory: first.maskLogits });
    expect(seen.asked[0]?.key0).toEqual(tensor([8], 1));
    expect(seen.asked[0]?.query_index).toEqual({ dims: [2], data: BigInt64Array.of(0n, 1n) });
    expect(seen.asked[0]?.text_tokens).toEqual(tensor([1, 2, 3], 1, 1, 3));
    expect(seen.asked[0]?.attention_bias?.dims).toEqual([1, 5, 6]);
    expect(seen.asked[1]?.text_tokens?.dims).toEqual([1, 2, 3]);
    expect(seen.asked[1]?.previous_mask?.dims).toEqual([1, 2, 8, 16]);
    expect(seen.asked[1]?.previous_mask?.data.slice(8 * 16)).toEqual(first.maskLogits.data);
  });

  it('choose the query that agrees with them', async () => {
    const ready = await opened();
    const { classEmbed, score } = await ready.step(ask);
    expect(classEmbed).toEqual(Float32Array.of(0, 1));
    expect(score).toBeCloseTo(5, 5);
  });

  it('of another width are refused', async () => {
    const ready = await opened();
    const texts = [{ ...dog, tokens: Float32Array.of(1, 2) }];
    expect(await refusalOf(ready.step({ ...ask, texts }))).toMatchObject({ kind: 'model' });
  });

  it('fetch their graphs beforehand, and again after a failure', async () => {
    const ready = await opened();
    const { 'general_step.onnx': kept, ...rest } = FILES;
    seen.served = { '': JSON.stringify(WITH_TEXT), ...rest };
    expect(await refusalOf(ready.fetchText({}))).toMatchObject({ kind: 'http', status: 404 });
    seen.served['general_step.onnx'] = kept;
    await ready.fetchText({});
    const before = seen.fetched.length;
    await ready.step(ask);
    await ready.fetchText({});
    expect(seen.fetched).toHaveLength(before);
  });

  it('whose graphs are missing are refused with the model', async () => {
    seen.served[''] = JSON.stringify({ ...WITH_TEXT, graphs: MANIFEST.graphs });
    const refusal = await refusalOf(engine().load({ modelUrl: MODEL_URL, threads: null }));
    expect(refusal).toMatchObject({ kind: 'model' });
  });
});
