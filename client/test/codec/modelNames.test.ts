import { encode } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import { readModelNames } from '../../src/codec/textVectors';

const tensor = (shape: readonly number[], ...values: number[]) => ({
  ...{ dtype: 'float32', shape },
  data: new Uint8Array(Float32Array.from(values).buffer),
});

const file = (content: unknown): ArrayBuffer => {
  const bytes = encode(content);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
};

const names = { names: ['cat'], class_matrix: tensor([1, 3], 1, 0, 0) };

describe('the vocabulary file of a model', () => {
  it('has rows as wide as class embeddings', () => {
    expect(readModelNames(file(names), { class_dim: 3 }).toSentence).toBeNull();
    expect(() => readModelNames(file(names), { class_dim: 2 })).toThrow(/rows 2 wide/);
  });

  it('has rows as wide as sentences, and the way there, for a map of meanings', () => {
    const config = { class_dim: 2, semantic: { channels: 1, sentence_dim: 3 } };
    const content = { ...names, to_sentence: tensor([3, 2], 1, 2, 3, 4, 5, 6) };
    expect([...(readModelNames(file(content), config).toSentence ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(() => readModelNames(file(names), config)).toThrow(/to_sentence/);
    const narrow = { ...names, to_sentence: tensor([3, 1], 1, 2, 3) };
    expect(() => readModelNames(file(narrow), config)).toThrow(/expected \[3, 1 \+ 1\]/);
  });
});
