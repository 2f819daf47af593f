import { beforeEach, describe, expect, it } from 'vitest';
import type { Canvases } from '../../../src/api/canvases';
import type { Embed, EmbedOptions } from '../../../src/api/embeddings';
import { inputSize } from '../../../src/app/photos/seenByModel';
import { SmallerPhotos, type See } from '../../../src/app/photos/smallerPhotos';
import { Failure } from '../../../src/shared/errors';
import type { SizeHw } from '../../../src/shared/types';

const ORIGINAL = { height: 4000, width: 6000 };
const PICTURE = new Blob(['picture']);

const large = (type = 'image/jpeg', bytes = 6_000_000): Blob => new Blob([new Uint8Array(bytes)], { type });

let sent: { readonly photo: Blob; readonly original: SizeHw | undefined }[];
/** The status of answers to pictures; null: they are taken. */
let refusal: number | null;
let seen: unknown[];
let phases: string[];

beforeEach(() => {
  [sent, refusal, seen, phases] = [[], null, [], []];
});

const embed: Embed = (photo, { original, signal, onProgress }) => {
  sent.push({ photo, original });
  onProgress({ phase: 'upload', fraction: 0 });
  if (signal.aborted) return Promise.reject(new Error('cancelled'));
  if (original !== undefined && refusal !== null)
    return Promise.reject(new Failure({ kind: 'http', status: refusal, message: 'refused' }));
  return Promise.resolve(new ArrayBuffer(original === undefined ? 2 : 1));
};

interface Surroundings {
  readonly see?: See;
  readonly canvases?: () => Promise<Canvases | null>;
}

const photos = ({
  see = () => Promise.resolve({ picture: PICTURE, original: ORIGINAL }),
  canvases = () => Promise.resolve({ usual: 512, largest: 1024 }),
}: Surroundings = {}): SmallerPhotos =>
  new SmallerPhotos(embed, canvases, (photo, roi, canvas, signal) => {
    seen.push([roi, canvas]);
    return see(photo, roi, canvas, signal);
  });

const options = (more: Partial<EmbedOptions> = {}): EmbedOptions => ({
  isSmaller: true,
  signal: new AbortController().signal,
  onProgress: ({ phase }) => phases.push(phase),
  ...more,
});

const photosSent = (): Blob[] => sent.map(({ photo }) => photo);

describe('a photo of many bytes that is to be sent smaller', () => {
  it('is sent as the model sees it, with the size that it has, and the page says what it waits for', async () => {
    const answer = await photos().embed(large(), options({ roi: [1, 2, 3, 4] }));
    expect(answer.byteLength).toBe(1);
    expect([sent, seen]).toEqual([[{ photo: PICTURE, original: ORIGINAL }], [[[1, 2, 3, 4], 512]]]);
    expect(phases).toEqual(['shrink', 'upload']);
  });

  it('is seen on the canvas that is asked for', async () => {
    await photos().embed(large(), options({ canvas: 256 }));
    expect(seen).toEqual([[null, 256]]);
  });

  it('is sent as it is to a server that takes nothing else, which is not tried again', async () => {
    const [one, photo] = [photos(), large()];
    refusal = 422;
    for (let time = 0; time < 2; time++) expect((await one.embed(photo, options())).byteLength).toBe(2);
    expect(photosSent()).toEqual([PICTURE, photo, photo]);
  });

  it('is not sent again where the server is busy', async () => {
    refusal = 503;
    await expect(photos().embed(large(), options())).rejects.toThrow('refused');
    expect(sent).toHaveLength(1);
  });

  it.each([
    ['is no JPEG', large('image/png')],
    ['has few bytes', large('image/jpeg', 400_000)],
  ])('is sent as it is when it %s', async (_, photo) => {
    await photos().embed(photo, options());
    expect([photosSent(), seen, phases]).toEqual([[photo], [], ['upload']]);
  });

  it.each<[string, Surroundings]>([
    ['its pixels cannot be had', { see: () => Promise.reject(new Error('too tall')) }],
    ['it is hardly larger than what the model sees', { see: () => Promise.resolve(null) }],
    ['its picture has more bytes', { see: () => Promise.resolve({ picture: large(), original: ORIGINAL }) }],
    ['nothing is known of the model', { canvases: () => Promise.resolve(null) }],
    ['the model cannot be asked for', { canvases: () => Promise.reject(new Error('no network')) }],
  ])('is sent as it is where %s', async (_, surroundings) => {
    const photo = large();
    expect((await photos(surroundings).embed(photo, options())).byteLength).toBe(2);
    expect(photosSent()).toEqual([photo]);
  });

  it('has its pixels read after those of the photo before', async () => {
    const waiting: (() => void)[] = [];
    const see: See = () =>
      new Promise((resolve) => waiting.push(() => resolve({ picture: PICTURE, original: ORIGINAL })));
    const one = photos({ see });
    const both = [one.embed(large(), options()), one.embed(large(), options())];
    await new Promise((resolve) => setTimeout(resolve));
    expect(waiting).toHaveLength(1);
    waiting[0]?.();
    await both[0];
    await new Promise((resolve) => setTimeout(resolve));
    waiting[1]?.();
    await both[1];
    expect(photosSent()).toEqual([PICTURE, PICTURE]);
  });

  it('can be cancelled before its pixels are read', async () => {
    const cancelling = new AbortController();
    cancelling.abort();
    await expect(photos().embed(large(), options({ signal: cancelling.signal }))).rejects.toThrow(
      'cancelled',
    );
    expect(seen).toEqual([]);
  });
});

it('a photo is sent as it is unless the user wants it smaller', async () => {
  const photo = large();
  await photos().embed(photo, options({ isSmaller: false }));
  expect([photosSent(), seen, phases]).toEqual([[photo], [], ['upload']]);
});

it('what the model sees has its longer side as long as the canvas, and no side below 1', () => {
  const sizes = [
    ORIGINAL,
    { height: 6000, width: 4000 },
    { height: 9, width: 9 },
    { height: 1, width: 9000 },
  ];
  expect(sizes.map((size) => inputSize(size, 512))).toEqual([
    { height: 341, width: 512 },
    { height: 512, width: 341 },
    { height: 512, width: 512 },
    { height: 1, width: 512 },
  ]);
});
