import { describe, expect, it } from 'vitest';
import { fileFor, type GraphFile, type Manifest } from '../../../src/shared/model/manifest';

const file = (name: string) => ({ file: name, sha256: name, bytes: 1 });
const GRAPH: GraphFile = { ...file('small.onnx'), variants: { float16: file('half.onnx') } };
const withPrecisions = (precisions?: Manifest['precisions']): Manifest =>
  ({ ...(precisions && { precisions }) }) as Manifest;

describe('the file of a graph', () => {
  it('is the one in the precision of the execution provider', () => {
    const manifest = withPrecisions({ wasm: 'int8', webgpu: 'float16' });
    expect(fileFor('wasm', manifest, GRAPH).file).toBe('small.onnx');
    expect(fileFor('webgpu', manifest, GRAPH).file).toBe('half.onnx');
  });

  it('is the only one where the manifest names no others', () => {
    expect(fileFor('webgpu', withPrecisions(), file('only.onnx')).file).toBe('only.onnx');
    expect(fileFor('another', withPrecisions({ wasm: 'int8' }), GRAPH).file).toBe('small.onnx');
  });
});
