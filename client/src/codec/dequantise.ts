import type { NamedTensor } from '../shared/types';
import { product } from './embedding';

/** Values of a tensor as float32; see `NamedTensor`. Every operation rounds to float32, as in other readers. */
export function dequantise(tensor: NamedTensor): Float32Array {
  switch (tensor.dtype) {
    case 'float32':
      // WebAssembly is little-endian, and so is every machine that runs it; the copy is aligned.
      return new Float32Array(tensor.data.slice().buffer);
    case 'float16':
      return halves(tensor.data);
    case 'int8':
      return fromInt8(tensor);
    case 'uint10':
      return fromUnsigned(tensor, tenBits(tensor));
    case 'uint8':
      return fromUnsigned(tensor, tensor.data);
  }
}

function fromInt8({ shape, data, scale, zeroPoint }: NamedTensor): Float32Array {
  const [batch = 1, channels = 1] = shape;
  const plane = data.length / (batch * channels);
  const stored = new Int8Array(data.buffer, data.byteOffset, data.length);
  const values = new Float32Array(stored.length);
  for (let i = 0; i < batch * channels; i++) {
    const factor = scale?.[i % channels] ?? 1;
    const zero = zeroPoint?.[i % channels] ?? 0;
    const end = (i + 1) * plane;
    for (let at = i * plane; at < end; at++) values[at] = ((stored[at] ?? 0) - zero) * factor;
  }
  return values;
}

function fromUnsigned({ shape, scale, offset }: NamedTensor, stored: Uint8Array | Uint16Array): Float32Array {
  const [batch = 1, channels = 1] = shape;
  const plane = stored.length / (batch * channels);
  const values = new Float32Array(stored.length);
  for (let i = 0; i < batch * channels; i++) {
    const factor = scale?.[i % channels] ?? 1;
    const least = offset?.[i % channels] ?? 0;
    const end = (i + 1) * plane;
    for (let at = i * plane; at < end; at++) values[at] = Math.fround((stored[at] ?? 0) * factor) + least;
  }
  return values;
}

/** A number for every ten bits: the upper eight are a byte each, and then come the lower two, four to a byte. */
function tenBits({ shape, data }: NamedTensor): Uint16Array {
  const stored = new Uint16Array(product(shape));
  for (let i = 0; i < stored.length; i++) {
    const four = data[stored.length + (i >> 2)] ?? 0;
    stored[i] = ((data[i] ?? 0) << 2) | ((four >> (2 * (i & 3))) & 3);
  }
  return stored;
}

/** Little-endian IEEE 754 half precision at any alignment. */
function halves(bytes: Uint8Array): Float32Array {
  const table = halfTable();
  const values = new Float32Array(bytes.length / 2);
  for (let i = 0; i < values.length; i++) {
    values[i] = table[(bytes[2 * i] ?? 0) | ((bytes[2 * i + 1] ?? 0) << 8)] ?? 0;
  }
  return values;
}

let cachedHalfTable: Float32Array | null = null;

/** Every half as float32; not all browsers have Float16Array. */
function halfTable(): Float32Array {
  cachedHalfTable ??= Float32Array.from({ length: 0x10000 }, (_, bits) => halfToFloat(bits));
  return cachedHalfTable;
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
