import { describe, expect, it } from 'vitest';
import { dequantise } from '../../src/codec/dequantise';
import { EmbeddingStream } from '../../src/codec/embeddingStream';
import { unpackEmbedding } from '../../src/codec/unpack';
import type { NamedTensor } from '../../src/shared/types';
import { readBytes, readJson } from '../vectors';

const index = readJson('vectors/index.json') as Record<'valid' | 'invalid', Record<string, { file: string }>>;
const bytesOf = (file: string): Uint8Array => readBytes(`vectors/${file}`);
const embeddings = Object.entries(index.valid).filter(([name]) => name.startsWith('embedding'));

/** Push in pieces of `size` bytes; each tensor with the number of bytes that had come by then. */
function pushed(stream: EmbeddingStream, bytes: Uint8Array, size: number): [NamedTensor, number][] {
  const early: [NamedTensor, number][] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const came = Math.min(at + size, bytes.length);
    for (const tensor of stream.push(bytes.subarray(at, came))) early.push([tensor, came]);
  }
  return early;
}

const listed = (tensors: readonly NamedTensor[]): unknown[] =>
  tensors.map((tensor) => [tensor.name, tensor.dtype, tensor.shape, Array.from(dequantise(tensor))]);

describe('an embedding that arrives in pieces', () => {
  it.each(embeddings)('%s equals the one that came at once', (_, { file }) => {
    const bytes = bytesOf(file);
    const whole = unpackEmbedding(bytes);
    if (!whole.ok) throw new Error(whole.error.message);
    for (const size of [1, 97, bytes.length]) {
      const stream = new EmbeddingStream();
      const early = pushed(stream, bytes, size);
      const inOrder = stream.head !== null;
      expect(listed(early.map(([tensor]) => tensor))).toEqual(inOrder ? listed(whole.value.tensors) : []);
    }
  });

  it('gives each tensor with its last byte, before those after it', () => {
    const bytes = bytesOf('valid/embedding_int8.msgpack');
    const early = pushed(new EmbeddingStream(), bytes, 1);
    expect(early.map(([{ name }]) => name)).toEqual(['level0', 'level1', 'level2', 'mask_features']);
    const came = early.map(([, count]) => count);
    expect(came).toEqual([...came].sort((a, b) => a - b));
    expect(came[2]).toBeLessThan(bytes.length - 100);
    expect(came[3]).toBe(bytes.length);
  });

  it('tells whose embedding it is before the first tensor', () => {
    const bytes = bytesOf('valid/embedding_int8.msgpack');
    const stream = new EmbeddingStream();
    expect(stream.push(bytes.subarray(0, 20))).toEqual([]);
    expect(stream.head).toBeNull();
    stream.push(bytes.subarray(20, 260));
    expect(stream.head).toMatchObject({ fingerprint: '0123456789abcdef', codec: 'int8' });
  });
});

describe('a stream that is no embedding', () => {
  it.each(Object.entries(index.invalid))('%s gives no tensor that it does not hold', (_, { file }) => {
    const bytes = bytesOf(file);
    const names = pushed(new EmbeddingStream(), bytes, 50).map(([{ name }]) => name);
    const known = ['level0', 'level1', 'level2', 'mask_features', 'lateral', 'mask_source'];
    expect(known).toEqual(expect.arrayContaining(names));
  });

  it('gives nothing after what is wrong', () => {
    const bytes = bytesOf('valid/embedding_int8.msgpack').slice();
    const stream = new EmbeddingStream();
    bytes[0] = 0xc0;
    expect(pushed(stream, bytes, 64)).toEqual([]);
    expect(stream.head).toBeNull();
  });
});
