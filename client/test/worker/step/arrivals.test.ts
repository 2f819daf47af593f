import { beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/shared/model/manifest';
import type { Decoder } from '../../../src/worker/step/decoder';
import type { Feeds, Graph } from '../../../src/worker/runtime/graph';
import { ImageStore } from '../../../src/worker/step/imageStore';
import { Turns } from '../../../src/worker/runtime/turns';
import { readBytes } from '../../vectors';

const MESSAGE = readBytes('vectors/valid/embedding_int8.msgpack');
/** Levels are there after this many of its bytes, mask features are not. */
const LEVELS = MESSAGE.length - 60;
const FINGERPRINT = '0123456789abcdef';

/** What the pieces of prepare were fed: one reads a level, the other the mask features too. */
let fed: { early: Feeds[]; late: Feeds[] };
let failing: boolean;

const piece = (name: 'early' | 'late', inputs: readonly string[]): Graph => ({
  inputs,
  run: (feeds) => {
    fed[name].push(feeds);
    if (failing) return Promise.reject(new Error('out of memory'));
    return Promise.resolve({ [name]: { dims: [1], data: Float32Array.of(1) } });
  },
  release: () => Promise.resolve(),
});

const decoder: Decoder = {
  manifest: { fingerprint: FINGERPRINT, config: {} } as unknown as Manifest,
  graphs: {
    prepare: [piece('late', ['level0', 'mask_features']), piece('early', ['level2'])],
    step: piece('late', []),
  },
  refiner: null,
};

beforeEach(() => {
  fed = { early: [], late: [] };
  failing = false;
});

const images = (): ImageStore => new ImageStore(new Turns());

/** Let the slices that can be done be done. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('an image whose bytes are coming', () => {
  it('is prepared as far as its levels go, and not again when it is opened', async () => {
    const store = images();
    store.receive(decoder, 'a', MESSAGE.slice(0, LEVELS), 0);
    await settle();
    expect([fed.early.length, fed.late.length]).toEqual([1, 0]);
    store.receive(decoder, 'a', MESSAGE.slice(LEVELS), LEVELS);
    await store.open(decoder, 'a', MESSAGE);
    expect([fed.early.length, fed.late.length]).toEqual([1, 1]);
    const plain = images();
    await plain.open(decoder, 'a', MESSAGE);
    expect(await store.use(decoder, 'a')).toEqual(await plain.use(decoder, 'a'));
  });

  it('is prepared once where its last bytes overtake the slices', async () => {
    const store = images();
    store.receive(decoder, 'a', MESSAGE.slice(), 0);
    await store.open(decoder, 'a', MESSAGE);
    await settle();
    expect([fed.early.length, fed.late.length]).toEqual([1, 1]);
    expect(Object.keys((await store.use(decoder, 'a')).tensors).sort()).toEqual(['early', 'late']);
  });

  it('begins again when it is sent again', async () => {
    const store = images();
    store.receive(decoder, 'a', MESSAGE.slice(0, 90), 0);
    store.receive(decoder, 'a', MESSAGE.slice(), 0);
    await settle();
    await store.open(decoder, 'a', MESSAGE);
    expect(fed.early).toHaveLength(1);
  });
});

describe('nothing is won', () => {
  it('for another image', async () => {
    const store = images();
    store.receive(decoder, 'a', MESSAGE.slice(), 0);
    await settle();
    await store.open(decoder, 'b', MESSAGE);
    expect(fed.early).toHaveLength(2);
  });

  it('with bytes that were not all there', async () => {
    const store = images();
    store.receive(decoder, 'a', MESSAGE.slice(0, LEVELS), 0);
    store.receive(decoder, 'a', MESSAGE.slice(LEVELS + 1), LEVELS + 1);
    await settle();
    await store.open(decoder, 'a', MESSAGE);
    expect(fed.early).toHaveLength(2);
  });

  it('for an embedding of another model', async () => {
    const other = { ...decoder, manifest: { ...decoder.manifest, fingerprint: 'fedcba9876543210' } };
    images().receive(other, 'a', MESSAGE.slice(), 0);
    await settle();
    expect(fed.early).toEqual([]);
  });

  it('for one that was closed before its levels came', async () => {
    const store = images();
    store.receive(decoder, 'a', MESSAGE.slice(0, 90), 0);
    store.close('a');
    store.receive(decoder, 'a', MESSAGE.slice(90), 90);
    await settle();
    expect(fed.early).toEqual([]);
  });
});

it('tells a failure when the image is opened', async () => {
  const store = images();
  failing = true;
  store.receive(decoder, 'a', MESSAGE.slice(), 0);
  await settle();
  await expect(store.open(decoder, 'a', MESSAGE)).rejects.toThrow('out of memory');
});
