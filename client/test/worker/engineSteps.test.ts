import { decode, encode } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/shared/model/manifest';
import { rleContains } from '../../src/shared/rle';
import {
  EMBEDDING,
  engine,
  file,
  FILES,
  MANIFEST,
  MODEL_URL,
  opened,
  refusalOf,
  seen,
  serveTinyModel,
  tensor,
  WITH_REFINER,
} from './tinyModel';

serveTinyModel();

describe('steps', () => {
  const point = { x: 70.5, y: 50.5, label: 1 } as const;

  it('feed what prepare made, the points in both frames, and an empty memory', async () => {
    const ready = await opened();
    await ready.step({ imageId: 'a', points: [point], memory: null, texts: [] });
    const [feeds] = seen.fed;
    expect(feeds?.key0).toEqual(tensor([7], 1));
    expect(feeds?.point_labels).toEqual({ dims: [1, 1], data: Float32Array.of(1) });
    // (70.5 - 10) * 54 / 121 of 64, (50.5 - 20) * 30 / 67 of 32
    const [x, y] = [...(feeds?.point_coords?.data ?? [])].map(Number);
    expect(x).toBeCloseTo((60.5 * 54) / 121 / 64, 6);
    expect(y).toBeCloseTo((30.5 * 30) / 67 / 32, 6);
    expect(feeds?.point_features2?.dims).toEqual([1, 1, 3]);
    expect(feeds?.previous_mask?.dims).toEqual([1, 1, 8, 16]);
    expect(feeds?.attention_bias?.dims).toEqual([1, 3, 4]);
  });

  it('ask again at the first prompts with the answer as memory, for a model that wants that', async () => {
    seen.served[''] = JSON.stringify({ ...MANIFEST, config: { ...MANIFEST.config, first_passes: 2 } });
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    await ready.open({ imageId: 'a', bytes: EMBEDDING.slice().buffer });
    const prompts = { imageId: 'a', points: [point], texts: [] };
    const before = seen.fed.length;
    const first = await ready.step({ ...prompts, memory: null });
    expect(seen.fed.length).toBe(before + 2);
    const [once, again] = seen.fed.slice(before).map(({ previous_mask: mask }) => mask?.data);
    expect(once).toEqual(new Float32Array(8 * 16));
    expect(again).toEqual(first.maskLogits.data); // These graphs draw the same at any memory.
    await ready.step({ ...prompts, memory: first.maskLogits });
    expect(seen.fed.length).toBe(before + 3);
  });

  it('answer with a mask of the image’s size and the class embedding of the selected query', async () => {
    const ready = await opened();
    const positive = await ready.step({ imageId: 'a', points: [point], memory: null, texts: [] });
    const negative = await ready.step({
      imageId: 'a',
      points: [{ ...point, label: 0 }],
      memory: null,
      texts: [],
    });
    expect(positive.mask.size).toEqual([100, 151]);
    expect([...positive.classEmbed, ...negative.classEmbed].sort()).toEqual([0, 0, 1, 1]);
    expect(positive.classEmbed).not.toEqual(negative.classEmbed);
    expect(positive.score).toBeCloseTo(negative.score ?? NaN, 6);
    expect(Array.from(positive.maskLogits.data)).toEqual(Array.from(negative.maskLogits.data, (v) => 0 - v));
  });

  it('give what lies under the mask instead, for a model with a map of meanings', async () => {
    const names = {
      ...(decode(FILES['vocabulary.msgpack']) as object),
      to_sentence: {
        ...{ dtype: 'float32', shape: [2, 4] },
        data: new Uint8Array(Float32Array.of(0, 0, 0, 5, 1, 0, 0, 0).buffer),
      },
    };
    const vocabulary = encode(names);
    const config = { ...MANIFEST.config, semantic: { channels: 3, sentence_dim: 2 } };
    const named = { ...file('vocabulary.msgpack', vocabulary), count: 2 };
    seen.served[''] = JSON.stringify({ ...MANIFEST, config, vocabulary: named });
    seen.served['vocabulary.msgpack'] = vocabulary;
    const plain = decode(EMBEDDING) as { tensors: { name: string }[] };
    const map = { ...plain.tensors.find(({ name }) => name === 'level1'), name: 'semantic' };
    const embedding = encode({ ...plain, tensors: [...plain.tensors, map] });
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    await ready.open({ imageId: 'a', bytes: embedding.slice().buffer });
    const step = { imageId: 'a', memory: null, texts: [] };
    const [inside, outside] = [
      await ready.step({ ...step, points: [point] }),
      await ready.step({ ...step, points: [{ ...point, label: 0 }] }),
    ];
    expect([inside.classEmbed[0], outside.classEmbed[0]]).toEqual([5, 5]);
    expect(inside.classEmbed[1]).not.toBeCloseTo(outside.classEmbed[1] ?? NaN, 3);
  });

  it('hand the memory on, and give the same answer to the same question', async () => {
    const ready = await opened();
    const first = await ready.step({ imageId: 'a', points: [point], memory: null, texts: [] });
    const ask = { imageId: 'a', points: [point, point], memory: first.maskLogits, texts: [] };
    const [second, again] = [await ready.step(ask), await ready.step(ask)];
    expect(seen.fed[1]?.previous_mask?.data).toEqual(first.maskLogits.data);
    expect({ ...again, timings: null }).toEqual({ ...second, timings: null });
  });

  it('end with what the refiner makes of the mask, which is also remembered', async () => {
    seen.served[''] = JSON.stringify(WITH_REFINER);
    const ready = await opened();
    seen.refined = [];
    const points = [point, { ...point, x: 80.5 }, { ...point, x: 90.5, label: 0 }] as const;
    const first = await ready.step({ imageId: 'a', points, memory: null, texts: [] });
    await ready.step({ imageId: 'a', points, memory: first.maskLogits, texts: [] });
    expect(new Set(first.maskLogits.data)).toEqual(new Set([1]));
    expect(seen.refined[0]?.look).toEqual(tensor([3], 1));
    expect(seen.refined[0]?.point_labels?.data).toEqual(Float32Array.of(1, 0));
    expect(Number(seen.refined[0]?.point_coords?.data[0])).toBeCloseTo((60.5 * 54) / 121, 4);
    expect(seen.refined[0]?.previous_mask?.data).toEqual(new Float32Array(8 * 16));
    expect(seen.refined[1]?.previous_mask?.data).toEqual(first.maskLogits.data);
  });

  it('without points fill one slot with padding', async () => {
    const ready = await opened();
    await ready.step({ imageId: 'a', points: [], memory: null, texts: [] });
    expect(seen.fed[0]?.point_labels?.data).toEqual(Float32Array.of(-1));
  });
});

describe('a refiner', () => {
  it('whose graphs are missing is refused', async () => {
    seen.served[''] = JSON.stringify({ ...WITH_REFINER, graphs: MANIFEST.graphs });
    const refusal = await refusalOf(engine().load({ modelUrl: MODEL_URL, threads: null }));
    expect(refusal).toMatchObject({ kind: 'model' });
  });
});

describe('a photo', () => {
  const PHOTO = {
    ...{ trust: 0.7, logit_limit: 8, colour_weight: 1, colour_limit: 3, colour_floor: 1e-5, bins: 24 },
    ...{ smoothness: 5, reach: 0.16, edge_contrast: 0.5, rounds: 2, sweeps: 4 },
    ...{ click_radius: 0.016, held_logit: 2, click_weight: 20 },
  };
  const here = { x: 60.5, y: 40.5, label: 1 } as const;
  const clicks = [here, { ...here, x: 61.5, label: 0 }, { ...here, y: 70.5, label: 0 }] as const;

  function withPhoto(): ArrayBuffer {
    const message = decode(EMBEDDING) as { tensors: unknown[] };
    const shape = [1, 3, 15, 27];
    const data = new Uint8Array(4 * 3 * 15 * 27);
    return encode({
      ...message,
      tensors: [...message.tensors, { name: 'photo', dtype: 'float32', shape, data }],
    }).slice().buffer;
  }

  async function step(manifest: Manifest) {
    seen.served[''] = JSON.stringify(manifest);
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    await ready.open({ imageId: 'a', bytes: withPhoto() });
    return ready.step({ imageId: 'a', points: clicks, memory: null, texts: [] });
  }

  it('makes the mask obey every pixel that was clicked, and leaves the memory alone', async () => {
    const plain = await step(MANIFEST);
    const followed = await step({ ...MANIFEST, config: { ...MANIFEST.config, photo: PHOTO } });
    expect(clicks.map(({ x, y }) => rleContains(followed.mask, x, y))).toEqual([true, false, false]);
    expect(followed.maskLogits).toEqual(plain.maskLogits);
    expect(followed.mask).not.toEqual(plain.mask);
  });

  it('does nothing for a model that does not follow it, or in an embedding without it', async () => {
    const plain = await step(MANIFEST);
    seen.served[''] = JSON.stringify({ ...MANIFEST, config: { ...MANIFEST.config, photo: PHOTO } });
    const ready = await opened();
    const { mask } = await ready.step({ imageId: 'a', points: clicks, memory: null, texts: [] });
    expect(mask).toEqual(plain.mask);
  });
});

describe('everything', () => {
  it('gives for every click what a step with it alone gives, and counts what is done', async () => {
    const ready = await opened();
    const counts: { readonly bytes: number; readonly total: number | null }[] = [];
    const found = await ready.everything({ imageId: 'a' }, undefined, (done) => counts.push(done));
    expect(found.length).toBeGreaterThan(0);
    const [best] = found;
    const points = [{ ...(best?.point ?? { x: NaN, y: NaN }), label: 1 as const }];
    const again = await ready.step({ imageId: 'a', points, memory: null, texts: [] });
    expect(best?.result.mask).toEqual(again.mask);
    expect(best?.result.maskLogits).toEqual(again.maskLogits);
    expect(best?.result.classEmbed).toEqual(again.classEmbed);
    const likelihoods = found.map(({ likelihood }) => likelihood);
    expect(likelihoods).toEqual(likelihoods.toSorted((a, b) => b - a));
    const done = counts.map(({ bytes }) => bytes);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done.at(-1)).toBe(counts.at(-1)?.total);
  });

  it('asks about several clicks at once, each with a row of its own', async () => {
    const ready = await opened();
    seen.fed.length = 0;
    await ready.everything({ imageId: 'a' }, undefined, () => undefined);
    const [feeds] = seen.fed;
    expect(feeds?.point_labels).toEqual({ dims: [8, 1], data: new Float32Array(8).fill(1) });
    expect(feeds?.previous_mask?.dims).toEqual([8, 1, 8, 16]);
    expect(feeds?.attention_bias?.dims).toEqual([8, 3, 4]);
    expect(feeds?.key0?.dims[0]).toBe(1);
    const places = [...(feeds?.point_coords?.data ?? [])].map(Number);
    expect(new Set(places.filter((_, k) => k % 2 === 0)).size).toBe(8);
  });

  it('lets a step in between, and ends when it is cancelled', async () => {
    const ready = await opened();
    const abort = new AbortController();
    let done = 0;
    const all = ready.everything({ imageId: 'a' }, abort.signal, () => {
      if (++done === 3) abort.abort();
    });
    const points = [{ x: 70.5, y: 50.5, label: 1 as const }];
    await ready.step({ imageId: 'a', points, memory: null, texts: [] });
    expect(done).toBeLessThan(3);
    await expect(refusalOf(all)).resolves.toMatchObject({ kind: 'aborted' });
    expect(done).toBe(3);
  });
});

describe('the answers to a click', () => {
  const point = { x: 70.5, y: 50.5, label: 1 } as const;
  const plain = { imageId: 'a', points: [point], memory: null, texts: [] };

  it('are asked for with the first as memory, narrowed or widened', async () => {
    const ready = await opened();
    const first = await ready.step(plain);
    seen.fed.length = 0;
    await ready.step({ ...plain, extent: 'smaller' });
    const masks = seen.fed.map(({ previous_mask: mask }) => [...(mask?.data ?? [])].map(Number));
    expect(masks).toHaveLength(2);
    expect(masks[0]?.every((logit) => logit === 0)).toBe(true);
    expect(masks[1]).toEqual(Array.from(first.maskLogits.data, (logit) => logit - 4));
  });

  it('are given where they differ, each as a step gives it', async () => {
    const ready = await opened();
    const answers = await ready.alternatives(plain);
    expect(answers[0]?.extent).toBeUndefined();
    for (const { extent, result } of answers) {
      const step = await ready.step({ ...plain, ...(extent && { extent }) });
      expect(result.mask).toEqual(step.mask);
    }
  });
});
