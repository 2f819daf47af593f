import { describe, expect, it, vi } from 'vitest';
import {
  bytes,
  engine,
  file,
  FILES,
  FINGERPRINT,
  MANIFEST,
  MODEL_URL,
  opened,
  refusalOf,
  seen,
  serveTinyModel,
  tensor,
} from './tinyModel';

serveTinyModel();

const settled = () => new Promise((resolve) => setTimeout(resolve, 300));

describe('loading', () => {
  it('describes what runs', async () => {
    const info = await engine().load({ modelUrl: MODEL_URL, threads: 3 });
    expect(info).toMatchObject({ model: 'tiny', provider: 'fake', threads: 3, textBytes: null });
    expect(info.vocabulary).toEqual({ names: ['cat', 'dog'], classMatrix: Float32Array.of(1, 0, 0, 1) });
  });

  it('goes on with steps with and without memory while no image comes', async () => {
    await engine().load({ modelUrl: MODEL_URL, threads: null });
    await vi.waitFor(() => {
      const memories = seen.fed.map(({ previous_mask }) => previous_mask?.data.some((logit) => logit !== 0));
      expect(new Set(memories)).toEqual(new Set([false, true]));
    });
  });

  it('does nothing more where an image waits', async () => {
    await settled(); // What other tests loaded.
    seen.fed = [];
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    await ready.open({ imageId: 'a', bytes: bytes() });
    await settled();
    expect(seen.fed).toEqual([]);
  });

  it('stays on the processor and says why where there is no GPU', async () => {
    const info = await engine().load({ modelUrl: MODEL_URL, threads: null, provider: 'webgpu' });
    expect(info).toMatchObject({ provider: 'fake', providerNote: 'WebGPU is not used: no GPU here' });
  });

  it('refuses a file with another digest', async () => {
    seen.served['step.onnx'] = Uint8Array.of(9);
    const refusal = await refusalOf(engine().load({ modelUrl: MODEL_URL, threads: null }));
    expect(refusal).toMatchObject({ kind: 'model' });
  });

  it('names a file that the server does not have', async () => {
    delete seen.served['step.onnx'];
    const refusal = await refusalOf(engine().load({ modelUrl: MODEL_URL, threads: null }));
    expect(refusal).toMatchObject({ kind: 'http', status: 404 });
  });

  it('refuses a manifest that it does not understand', async () => {
    seen.served[''] = JSON.stringify({ ...MANIFEST, format: 2 });
    const refusal = await refusalOf(engine().load({ modelUrl: MODEL_URL, threads: null }));
    expect(refusal).toMatchObject({
      kind: 'model',
      message: expect.stringContaining('format "2"') as unknown,
    });
  });
});

describe('images', () => {
  it('answer with the geometry and key of their embedding', async () => {
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    const image = await ready.open({ imageId: 'a', bytes: bytes() });
    expect(image.geometry.original_hw).toEqual([100, 151]);
    expect(image.key).toBe('00112233445566778899aabbccddeeff');
  });

  it('of another model are refused with both fingerprints', async () => {
    seen.served[''] = JSON.stringify({ ...MANIFEST, fingerprint: 'fedcba9876543210' });
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    expect(await refusalOf(ready.open({ imageId: 'a', bytes: bytes() }))).toMatchObject({
      kind: 'fingerprint',
      embedding: FINGERPRINT,
      decoder: 'fedcba9876543210',
    });
  });

  it('that are broken are refused by the codec', async () => {
    const ready = engine();
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    const refusal = await refusalOf(ready.open({ imageId: 'a', bytes: new ArrayBuffer(3) }));
    expect(refusal).toMatchObject({ kind: 'codec' });
  });

  it('may be received before they are opened, and before the decoder is there', async () => {
    const ready = engine();
    await ready.receive({ imageId: 'a', bytes: bytes(), at: 0 });
    await ready.load({ modelUrl: MODEL_URL, threads: null });
    await ready.receive({ imageId: 'a', bytes: bytes().slice(50), at: 50 });
    const { key } = await ready.open({ imageId: 'a', bytes: bytes() });
    expect(key).toBe('00112233445566778899aabbccddeeff');
  });

  it('that were closed are not stepped', async () => {
    const ready = await opened();
    await ready.close({ imageId: 'a' });
    expect(await refusalOf(ready.step({ imageId: 'a', points: [], memory: null, texts: [] }))).toMatchObject({
      kind: 'decoder',
    });
  });
});

describe('a prepare graph in pieces', () => {
  const pieces = ['general_prepare.onnx', 'look.onnx'] as const;

  it('is fetched as such, and feeds the step with what all of them made', async () => {
    const prepare = {
      ...MANIFEST.graphs.prepare,
      pieces: pieces.map((name) => file(name, FILES[name])),
    };
    seen.served[''] = JSON.stringify({ ...MANIFEST, graphs: { ...MANIFEST.graphs, prepare } });
    const ready = await opened();
    await ready.step({ imageId: 'a', points: [], memory: null, texts: [] });
    expect(seen.fetched).not.toContain('prepare.onnx');
    expect(seen.fed[0]).toMatchObject({ key0: tensor([8], 1), look: { dims: [1] } });
  });
});
