import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Manifest } from '../../../src/shared/model/manifest';
import type { Decoder } from '../../../src/worker/step/decoder';
import type { Fetches, Graph } from '../../../src/worker/runtime/graph';
import { ImageStore } from '../../../src/worker/step/imageStore';
import { bytesOf } from '../../../src/worker/step/preparedImage';
import { Turns } from '../../../src/worker/runtime/turns';
import { readBytes } from '../../vectors';

const MESSAGE = readBytes('vectors/valid/embedding_float32.msgpack');
const FINGERPRINT = '0123456789abcdef';

let prepared: number;
/** What the look graph, the last slice, waits for. */
let looking: () => Promise<unknown>;

const graph = (run: Graph['run']): Graph => ({ run, release: () => Promise.resolve() });

const KEYS: Fetches = { key0: { dims: [4], data: new Float32Array(4) } };

const decoder: Decoder = {
  manifest: {
    fingerprint: FINGERPRINT,
    config: { refiner: { max_points: 2, fine_side: 320 } },
  } as unknown as Manifest,
  graphs: {
    prepare: [
      graph(() => {
        prepared++;
        return Promise.resolve(KEYS);
      }),
    ],
    step: graph(() => Promise.reject(new Error('not here'))),
  },
  refiner: {
    look: graph(async () => {
      await looking();
      return {};
    }),
    refine: graph(() => Promise.reject(new Error('not here'))),
  },
};

beforeEach(() => {
  prepared = 0;
  looking = () => Promise.resolve();
});

const store = (mostBytes?: number): ImageStore => new ImageStore(new Turns(), mostBytes);

const detail = (kind: string) =>
  expect.objectContaining({ detail: expect.objectContaining({ kind }) as unknown }) as unknown;

describe('while an image is opened', () => {
  it('a draft of it can be used, and the whole afterwards', async () => {
    const images = store();
    let finishLook: (value: null) => void = () => undefined;
    const looked = new Promise((resolve) => {
      finishLook = resolve;
    });
    looking = () => looked;
    const opened = images.open(decoder, 'a', MESSAGE);
    const draft = await images.use(decoder, 'a');
    expect(draft).toMatchObject({ isComplete: false, refinerLooks: null, tensors: KEYS });
    finishLook(null);
    await opened;
    const whole = await images.use(decoder, 'a');
    expect(whole).toMatchObject({ isComplete: true, refinerLooks: {} });
    expect(whole.embedding).toBe(draft.embedding);
    expect(prepared).toBe(1);
  });

  it('closing it ends the work, for those who wait too', async () => {
    const images = store();
    const opened = images.open(decoder, 'a', MESSAGE);
    const used = images.use(decoder, 'a');
    images.close('a');
    await expect(opened).rejects.toEqual(detail('aborted'));
    await expect(used).rejects.toEqual(detail('aborted'));
    expect(prepared).toBe(0);
  });

  it('aborting ends the work, and the image is gone', async () => {
    const images = store();
    const abort = new AbortController();
    const opened = images.open(decoder, 'a', MESSAGE, { signal: abort.signal });
    abort.abort();
    await expect(opened).rejects.toEqual(detail('aborted'));
    await expect(images.use(decoder, 'a')).rejects.toEqual(detail('decoder'));
    expect(prepared).toBe(0);
  });

  it('opening it again takes its place', async () => {
    const images = store();
    const first = images.open(decoder, 'a', MESSAGE);
    const second = images.open(decoder, 'a', MESSAGE);
    await expect(first).rejects.toEqual(detail('aborted'));
    await second;
    expect((await images.use(decoder, 'a')).isComplete).toBe(true);
  });

  it('a broken message fails for everybody', async () => {
    const images = store();
    const opened = images.open(decoder, 'a', MESSAGE.slice(0, 50));
    const used = images.use(decoder, 'a');
    await expect(opened).rejects.toEqual(detail('codec'));
    await expect(used).rejects.toEqual(detail('codec'));
  });
});

describe('when space is short', () => {
  it('the image that was not used for longest is prepared again when it is needed', async () => {
    const one = store();
    await one.open(decoder, 'a', MESSAGE);
    const size = bytesOf(await one.use(decoder, 'a'));
    prepared = 0;

    const images = store(2 * size);
    await images.open(decoder, 'a', MESSAGE);
    await images.open(decoder, 'b', MESSAGE);
    const kept = await images.use(decoder, 'a');
    await images.open(decoder, 'c', MESSAGE);
    expect(await images.use(decoder, 'a')).toBe(kept);
    expect(prepared).toBe(3);
    const again = await images.use(decoder, 'b');
    expect(prepared).toBe(4);
    expect(again).toEqual(kept);
  });

  it('its embedding is read again from where it is, and is not held', async () => {
    const images = store(1);
    const source = new Blob([MESSAGE.slice()]);
    const reading = vi.spyOn(source, 'arrayBuffer');
    const bytes = MESSAGE.slice();
    await images.open(decoder, 'a', bytes, { source });
    const first = await images.use(decoder, 'a');
    await images.open(decoder, 'b', MESSAGE);
    bytes.fill(0);
    expect(reading).not.toHaveBeenCalled();
    expect((await images.use(decoder, 'a')).embedding.key).toBe(first.embedding.key);
    expect(reading).toHaveBeenCalledTimes(1);
  });

  it('its embedding is read again from where it lies by then, and not from where it lay', async () => {
    const images = store(1);
    const [before, now] = [new Blob([MESSAGE.slice()]), new Blob([MESSAGE.slice()])];
    const readings = [before, now].map((source) => vi.spyOn(source, 'arrayBuffer'));
    const opened = images.open(decoder, 'a', MESSAGE, { source: before });
    images.reread('a', now);
    images.reread('closed by now', now);
    await opened;
    await images.open(decoder, 'b', MESSAGE);
    await images.use(decoder, 'a');
    expect(readings.map(({ mock }) => mock.calls.length)).toEqual([0, 1]);
  });

  it('an embedding that cannot be read any more is said to be lost', async () => {
    const images = store(1);
    const source = new Blob([MESSAGE.slice()]);
    await images.open(decoder, 'a', MESSAGE, { source });
    await images.open(decoder, 'b', MESSAGE);
    vi.spyOn(source, 'arrayBuffer').mockRejectedValue(new DOMException('gone', 'NotFoundError'));
    const lost = expect.objectContaining({ what: 'embedding-lost' }) as unknown;
    await expect(images.use(decoder, 'a')).rejects.toMatchObject({ detail: lost });
  });

  it('the image used last stays, however large', async () => {
    const images = store(1);
    await images.open(decoder, 'a', MESSAGE);
    const image = await images.use(decoder, 'a');
    expect(await images.use(decoder, 'a')).toBe(image);
    expect(prepared).toBe(1);
  });

  it('what texts need counts from the next use on', async () => {
    const one = store();
    await one.open(decoder, 'a', MESSAGE);
    const images = store(3 * bytesOf(await one.use(decoder, 'a')));
    await images.open(decoder, 'a', MESSAGE);
    await images.open(decoder, 'b', MESSAGE);
    const first = await images.use(decoder, 'a');
    first.forTexts.tensors = { key0: { dims: [999], data: new Float32Array(999) } };
    await images.use(decoder, 'b');
    expect(await images.use(decoder, 'a')).not.toBe(first);
  });

  it('two who need the same image prepare it once', async () => {
    const images = store(1);
    await images.open(decoder, 'a', MESSAGE);
    await images.open(decoder, 'b', MESSAGE);
    const both = await Promise.all([images.use(decoder, 'a'), images.use(decoder, 'a')]);
    expect(both[0]).toBe(both[1]);
    expect(prepared).toBe(3);
  });

  it('a failure is tried again by the next', async () => {
    const images = store(1);
    await images.open(decoder, 'a', MESSAGE);
    await images.open(decoder, 'b', MESSAGE);
    looking = () => Promise.reject(new Error('out of memory'));
    await expect(images.use(decoder, 'a')).rejects.toThrow('out of memory');
    looking = () => Promise.resolve();
    expect((await images.use(decoder, 'a')).isComplete).toBe(true);
  });
});

it('counts every array once, also where two parts of an image hold it', async () => {
  const images = store();
  await images.open(decoder, 'a', MESSAGE);
  const image = await images.use(decoder, 'a');
  const maps = [...image.levels, image.maskFeatures].reduce((sum, { data }) => sum + data.byteLength, 0);
  expect(bytesOf(image)).toBe(maps + 4 * 4);
  image.forTexts.tensors = { ...KEYS, key1: { dims: [3], data: new Float32Array(3) } };
  expect(bytesOf(image)).toBe(maps + 4 * 4 + 3 * 4);
});
