/** What the builds of ONNX Runtime have in common: their tensors, and where their files are. */
import type * as ort from 'onnxruntime-web/wasm';
import type { Feeds, Fetches, FloatTensor, LongTensor } from './graph';

type Tensors = typeof ort.Tensor;

/** What the graph reads of `feeds`; the rest is left out, since the exporter drops idle inputs. */
export function inputsOf(
  { inputNames }: ort.InferenceSession,
  feeds: Feeds,
  Tensor: Tensors,
): Record<string, ort.Tensor> {
  const read = Object.entries(feeds).filter(([name]) => inputNames.includes(name));
  return Object.fromEntries(read.map(([name, tensor]) => [name, toOrt(tensor, Tensor)]));
}

function toOrt(tensor: FloatTensor | LongTensor, Tensor: Tensors): ort.Tensor {
  return tensor.data instanceof Float32Array
    ? new Tensor('float32', tensor.data, tensor.dims)
    : new Tensor('int64', tensor.data, tensor.dims);
}

export function fetchesOf(outputs: ort.InferenceSession.OnnxValueMapType): Fetches {
  const fetches: Record<string, FloatTensor> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    if (!(tensor.data instanceof Float32Array))
      throw new Error(`output ${name} is ${tensor.type}, not float32`);
    fetches[name] = { dims: tensor.dims, data: tensor.data };
  }
  return fetches;
}

/** The runtime resolves its own files against the address of whichever script asks; an absolute one is safe. */
export const absolute = (url: string): string => new URL(url, self.location.href).href;
