import { beforeEach, expect, it } from 'vitest';
import type { EmbedOptions } from '../../../src/api/embeddings';
import {
  KeptEmbeddings,
  type EmbeddingName,
  type EmbeddingShelf,
} from '../../../src/app/photos/keptEmbeddings';
import { settle } from '../world';

const FILE = new Blob(['photo']);

class Shelf implements EmbeddingShelf {
  readonly kept = new Map<string, Blob>();
  find({ name }: EmbeddingName): Promise<Blob | null> {
    return Promise.resolve(this.kept.get(name) ?? null);
  }
  /** On disk they are other objects. */
  keep({ name }: EmbeddingName, bytes: Blob): Promise<Blob | null> {
    this.kept.set(name, bytes.slice());
    return Promise.resolve(this.kept.get(name) ?? null);
  }
}

let shelf: Shelf;
let sent: number;

beforeEach(() => {
  shelf = new Shelf();
  sent = 0;
});

const open = (url = 'http://server/v1/embed'): KeptEmbeddings =>
  new KeptEmbeddings(() => Promise.resolve(new ArrayBuffer(++sent)), url);

async function bytes(embeddings: KeptEmbeddings, options: Partial<EmbedOptions> = {}): Promise<number> {
  const { signal } = new AbortController();
  const all = { digest: 'd1', signal, onProgress: () => undefined, ...options };
  const { byteLength } = await embeddings.embed(FILE, all);
  await settle();
  return byteLength;
}

it('an embedding is asked for once, also if it came before there was a shelf', async () => {
  const embeddings = open();
  expect(await bytes(embeddings)).toBe(1);
  embeddings.open(shelf);
  await settle();
  let isKept = false;
  expect(await bytes(embeddings, { onKept: () => (isKept = true) })).toBe(1);
  expect([sent, isKept]).toEqual([1, true]);
});

it.each<[string, Partial<EmbedOptions>]>([
  ['another file', { digest: 'd2' }],
  ['another canvas', { canvas: 600 }],
  ['a part of the photo', { roi: [0, 0, 2, 2] }],
  ['one that must be fresh', { isFresh: true }],
  ['a file of which nothing is known', { digest: undefined }],
])('%s is asked for', async (_, options) => {
  const embeddings = open();
  embeddings.open(shelf);
  await bytes(embeddings);
  await bytes(embeddings, options);
  expect(sent).toBe(2);
});

it('it is told where an embedding lies, once it is kept and when it is found', async () => {
  const embeddings = open();
  const told: Blob[] = [];
  const onStored = (stored: Blob): number => told.push(stored);
  await bytes(embeddings, { onStored });
  expect(told).toEqual([]);
  embeddings.open(shelf);
  await settle();
  await bytes(embeddings, { onStored });
  const [stored] = shelf.kept.values();
  expect(told).toHaveLength(2);
  expect(told.every((one) => one === stored)).toBe(true);
});

it('nothing is told of an embedding that could not be kept', async () => {
  const embeddings = open();
  shelf.keep = () => Promise.reject(new Error('the disk is full'));
  embeddings.open(shelf);
  let told = 0;
  expect(await bytes(embeddings, { onStored: () => told++ })).toBe(1);
  expect(told).toBe(0);
});

it('another server gives its own', async () => {
  const [one, other] = [open(), open('http://server/tool/v1/embed')];
  one.open(shelf);
  other.open(shelf);
  await bytes(one);
  await bytes(other);
  expect(sent).toBe(2);
});

it('without a storage the server is asked', async () => {
  const embeddings = open();
  embeddings.open(null);
  await bytes(embeddings);
  expect(await bytes(embeddings)).toBe(2);
});
