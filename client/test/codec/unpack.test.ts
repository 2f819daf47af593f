import { decode, encode } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import { dequantise } from '../../src/codec/dequantise';
import * as limits from '../../src/shared/reading/limits';
import { projectFromJson, unpack, unpackEmbedding, type Message } from '../../src/codec/unpack';
import { readBytes, readJson, readText } from '../vectors';

interface Index {
  readonly valid: Record<string, { file: string; content: Record<string, unknown> }>;
  readonly invalid: Record<string, { file: string; refusal: string }>;
}

const index = readJson('vectors/index.json') as Index;

const valid = Object.entries(index.valid);
const bytesOf = (file: string): Uint8Array => readBytes(`vectors/${file}`);

describe('valid vectors', () => {
  it.each(valid)('%s is read as listed', (_, { file, content }) => {
    const message = unpack(bytesOf(file));
    if (!message.ok) throw new Error(message.error.message);
    expect(listed(message.value)).toEqual(content);
  });

  it.each(valid)('%s cut short at any length is refused', (_, { file }) => {
    const bytes = bytesOf(file);
    const lengths = Array.from({ length: Math.min(bytes.length, 400) }, (_unused, i) =>
      Math.floor((i * bytes.length) / Math.min(bytes.length, 400)),
    );
    for (const length of lengths) {
      expect(unpack(bytes.subarray(0, length))).toMatchObject({
        error: { kind: 'codec', reason: 'malformed' },
      });
    }
  });

  it.each(valid)('%s is read from an unaligned view of a larger buffer', (_, { file }) => {
    const bytes = bytesOf(file);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const [there, here] = [unpack(shifted.subarray(3)), unpack(bytes)];
    if (!there.ok || !here.ok) throw new Error('refused');
    expect(listed(there.value)).toEqual(listed(here.value));
  });
});

describe('invalid vectors', () => {
  it.each(Object.entries(index.invalid))('%s is refused by name', (_, { file, refusal }) => {
    expect(unpack(bytesOf(file))).toMatchObject({ ok: false, error: { kind: 'codec', reason: refusal } });
  });
});

describe('reading one kind of message', () => {
  it('refuses a prompt where an embedding is expected', () => {
    const prompt = bytesOf('valid/prompt_click.msgpack');
    expect(unpackEmbedding(prompt)).toMatchObject({ error: { reason: 'unknown-message' } });
  });

  it('reads a project from JSON', () => {
    const project: unknown = decode(bytesOf('valid/project.msgpack'));
    const read = projectFromJson(JSON.parse(JSON.stringify(project)));
    expect(read.ok).toBe(true);
  });

  it('refuses JSON that is not a project', () => {
    expect(projectFromJson([1, 2])).toMatchObject({ error: { reason: 'wrong-type' } });
    expect(projectFromJson('x')).toMatchObject({ error: { reason: 'wrong-type' } });
    expect(projectFromJson({ protocol_version: 1.5 })).toMatchObject({ error: { reason: 'wrong-type' } });
  });

  it('does not take a property of Object for a message type', () => {
    const bytes = encode({ protocol_version: 1, type: 'constructor' });
    expect(unpack(bytes)).toMatchObject({ error: { reason: 'unknown-message' } });
  });
});

it('has the limits that the specification lists', () => {
  const listedLimits = [...readText('README.md').matchAll(/`(MAX_[A-Z_]+)`\s*\|\s*([\d,_ ]+)/g)].map(
    ([, name, value]) => [name, Number(value?.replaceAll(/[,_ ]/g, ''))],
  );
  expect(listedLimits.length).toBeGreaterThan(0);
  expect({ ...limits }).toEqual(Object.fromEntries(listedLimits));
});

/** A message in the form in which the vectors list it: tensors by their values. */
function listed(message: Message): unknown {
  if (message.type !== 'embedding') return message;
  const wire: Record<string, unknown> = { ...message };
  delete wire.maps;
  const tensors = message.tensors.map((tensor) => ({
    name: tensor.name,
    dtype: tensor.dtype,
    shape: tensor.shape,
    values: Array.from(dequantise(tensor)),
  }));
  return { ...wire, tensors };
}
