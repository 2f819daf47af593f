import type { Embedding, ImageGeometry, MapName, NamedTensor, TensorDtype } from '../shared/types';
import {
  binary,
  check,
  integer,
  known,
  mapping,
  pair,
  quadruple,
  required,
  sequence,
  text,
  type Fields,
  type Reader,
} from '../shared/reading/fields';
import {
  MAX_DIMENSION,
  MAX_NAME_BYTES,
  MAX_TENSOR_ELEMENTS,
  MAX_TENSOR_RANK,
  MAX_TENSORS,
} from '../shared/reading/limits';
import { refuse } from '../shared/reading/refusal';
import { PROTOCOL_VERSION } from '../shared/reading/versions';

/** Stride of each tensor that an embedding must hold. */
const STRIDES: Readonly<Record<MapName, number>> = { level0: 32, level1: 16, level2: 8, mask_features: 4 };

const MAPS = ['level0', 'level1', 'level2', 'mask_features'] as const;

/** What may stand in place of the mask features, at their stride. */
const LATERAL = 'lateral';

const ITEM_BYTES: Readonly<Record<TensorDtype, number>> = {
  float32: 4,
  float16: 2,
  int8: 1,
  uint10: 1.25,
  uint8: 1,
};
const DTYPES = ['float32', 'float16', 'int8', 'uint10', 'uint8'] as const;

/** Bits of the last byte that `count` values use. */
const BITS_USED: Readonly<Record<TensorDtype, (count: number) => number>> = {
  float32: () => 8,
  float16: () => 8,
  int8: () => 8,
  uint10: (count) => 8 - 2 * (-count & 3),
  uint8: () => 8,
};

/** What dtypes the tensors of an embedding may have, by its codec, which has the name of one. */
const CODEC_DTYPES: Readonly<Record<Embedding['codec'], readonly TensorDtype[]>> = {
  float32: ['float32'],
  float16: ['float16'],
  int8: ['int8'],
  uint10: ['uint10', 'uint8'],
  uint8: ['uint8'],
};

const TENSOR_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const FINGERPRINT = /^[0-9a-f]{8,128}$/;
const KEY = /^(?:[0-9a-f]{32,128})?$/;

const name = text(MAX_NAME_BYTES);

/** The embedding that the fields describe; binary data stay views of the message. */
export function readEmbedding(fields: Fields, where: string): Embedding {
  const { fingerprint, key, geometry, codec } = readHead(fields, where);
  const tensors = required(fields, 'tensors', sequence(readTensor, MAX_TENSORS), where);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  if (byName.size !== tensors.length) refuse('duplicate', `${where}.tensors: a name appears twice`);
  const maps = {
    level0: mustHave(byName, 'level0', where),
    level1: mustHave(byName, 'level1', where),
    level2: mustHave(byName, 'level2', where),
    mask_features: lateralOf(byName) ?? mustHave(byName, 'mask_features', where),
  };
  check(FINGERPRINT.test(fingerprint), `${where}: fingerprint must be 8 to 128 hexadecimal digits`);
  check(KEY.test(key), `${where}: key must be empty or 32 to 128 hexadecimal digits`);
  for (const tensor of tensors) checkTensor(tensor, { codec, geometry }, where);
  checkMap(maps.mask_features, STRIDES.mask_features, geometry, where);
  return {
    protocol_version: PROTOCOL_VERSION,
    type: 'embedding',
    fingerprint,
    key,
    geometry,
    codec,
    tensors,
    maps,
  };
}

/** What an embedding says before its tensors. */
export type EmbeddingHead = Pick<Embedding, 'fingerprint' | 'key' | 'geometry' | 'codec'>;

export const readHead = (fields: Fields, where: string): EmbeddingHead => ({
  fingerprint: required(fields, 'fingerprint', name, where),
  key: required(fields, 'key', name, where),
  geometry: required(fields, 'geometry', readGeometry, where),
  codec: known(required(fields, 'codec', name, where), DTYPES, `${where}.codec`),
});

/** Whether a tensor can be one of an embedding with this head. */
export function checkTensor(
  tensor: NamedTensor,
  { codec, geometry }: Pick<EmbeddingHead, 'codec' | 'geometry'>,
  where: string,
): void {
  check(
    CODEC_DTYPES[codec].includes(tensor.dtype),
    `${where}: tensor ${tensor.name} is ${tensor.dtype}, the codec is ${codec}`,
  );
  const map = MAPS.find((known) => known === tensor.name);
  if (map !== undefined) checkMap(tensor, STRIDES[map], geometry, where);
}

/** The lateral map, where the mask features are to be made of it. */
function lateralOf(tensors: ReadonlyMap<string, NamedTensor>): NamedTensor | undefined {
  const isFinest = !tensors.has('mask_features') && !tensors.has('mask_source');
  return isFinest ? tensors.get(LATERAL) : undefined;
}

function mustHave(tensors: ReadonlyMap<string, NamedTensor>, wanted: MapName, where: string): NamedTensor {
  return tensors.get(wanted) ?? refuse('missing-field', `${where}.tensors: tensor "${wanted}" is missing`);
}

function checkMap(tensor: NamedTensor, stride: number, geometry: ImageGeometry, where: string): void {
  const [batch, , height, width] = tensor.shape;
  const [paddedHeight, paddedWidth] = geometry.padded_hw;
  const fits =
    tensor.shape.length === 4 &&
    batch === 1 &&
    (height ?? 0) * stride === paddedHeight &&
    (width ?? 0) * stride === paddedWidth;
  check(
    fits,
    `${where}: tensor ${tensor.name} has the shape [${tensor.shape.join(', ')}], expected ` +
      `[1, C, ${paddedHeight}/${stride}, ${paddedWidth}/${stride}]`,
  );
}

const readGeometry: Reader<ImageGeometry> = (value, where) => {
  const fields = mapping(value, where);
  const geometry = {
    original_hw: required(fields, 'original_hw', pair(integer), where),
    roi_xywh: required(fields, 'roi_xywh', quadruple(integer), where),
    input_hw: required(fields, 'input_hw', pair(integer), where),
    padded_hw: required(fields, 'padded_hw', pair(integer), where),
  };
  for (const size of ['original_hw', 'input_hw', 'padded_hw'] as const) {
    const sane = geometry[size].every((side) => side >= 1 && side <= MAX_DIMENSION);
    check(sane, `${where}: ${size} must have sides of 1 to ${MAX_DIMENSION} pixels`);
  }
  checkRoi(geometry.roi_xywh, geometry.original_hw, where);
  const covers =
    geometry.padded_hw[0] >= geometry.input_hw[0] && geometry.padded_hw[1] >= geometry.input_hw[1];
  check(covers, `${where}: padded_hw must not be smaller than input_hw`);
  return geometry;
};

/** Refuse a region that is empty, or not inside an image of this height and width. */
export function checkRoi(
  [x, y, width, height]: ImageGeometry['roi_xywh'],
  [imageHeight, imageWidth]: readonly [number, number],
  where: string,
): void {
  const inside = x >= 0 && y >= 0 && x + width <= imageWidth && y + height <= imageHeight;
  check(inside && width >= 1 && height >= 1, `${where}: roi_xywh must be a region inside the image`);
}

export const readTensor: Reader<NamedTensor> = (value, where) => {
  const fields = mapping(value, where);
  const tensorName = required(fields, 'name', name, where);
  const dtype = known(required(fields, 'dtype', name, where), DTYPES, `${where}.dtype`);
  const shape = required(fields, 'shape', readShape, where);
  const count = product(shape);
  const data = required(fields, 'data', payload(Math.ceil(count * ITEM_BYTES[dtype])), where);
  const channels = shape[1] ?? 0;
  const scaleBytes = optional(fields, 'scale', payload(channels * 4), where);
  const zeroPointBytes = optional(fields, 'zero_point', payload(channels), where);
  const offsetBytes = optional(fields, 'offset', payload(channels * 4), where);
  const scale = scaleBytes && floats(scaleBytes);
  const offset = offsetBytes && floats(offsetBytes);
  for (const [what, values] of Object.entries({ scale, offset })) {
    if (values?.some((item) => !Number.isFinite(item)) === true) {
      refuse('non-finite', `${where}.${what}: ${what}s must be finite`);
    }
  }
  check(TENSOR_NAME.test(tensorName), `${where}: tensor name "${tensorName}" is not allowed`);
  const unsigned = dtype.startsWith('uint');
  const integers = unsigned || dtype === 'int8';
  check(integers === (scale !== null), `${where}: a scale belongs to integers, and to nothing else`);
  check(
    unsigned === (offset !== null),
    `${where}: an offset belongs to unsigned integers, and to nothing else`,
  );
  check(zeroPointBytes === null || dtype === 'int8', `${where}: a zero point belongs to int8`);
  check(scale === null || shape.length >= 2, `${where}: a scale needs a channel axis`);
  check(scale?.every((item) => item > 0) !== false, `${where}: scales must be positive`);
  const rest = (data.at(-1) ?? 0) >> BITS_USED[dtype](count);
  check(rest === 0, `${where}.data: the last bits are beyond the values, so they must be 0`);
  const zeroPoint = zeroPointBytes && new Int8Array(zeroPointBytes);
  return { name: tensorName, dtype, shape, data, scale, zeroPoint, offset };
};

const readShape: Reader<readonly number[]> = (value, where) => {
  const shape = sequence(integer, MAX_TENSOR_RANK)(value, where);
  const positive = shape.length > 0 && shape.every((side) => side >= 1);
  check(positive, `${where}: must have rank 1 to ${MAX_TENSOR_RANK}, no size below 1`);
  if (shape.some((side) => side > MAX_DIMENSION) || product(shape) > MAX_TENSOR_ELEMENTS) {
    refuse(
      'limit-exceeded',
      `${where}: [${shape.join(', ')}] exceeds ${MAX_DIMENSION} in one dimension or ${MAX_TENSOR_ELEMENTS} elements`,
    );
  }
  return shape;
};

const payload =
  (expected: number): Reader<Uint8Array> =>
  (value, where) => {
    const data = binary(value, where);
    if (data.length !== expected) {
      refuse('payload-mismatch', `${where}: ${data.length} bytes, exactly ${expected} are needed`);
    }
    return data;
  };

/** The field when it is there and not null. */
function optional<T>(fields: Fields, field: string, read: Reader<T>, where: string): T | null {
  const value = fields[field] ?? null;
  return value === null ? null : read(value, `${where}.${field}`);
}

export const product = (shape: readonly number[]): number => shape.reduce((total, side) => total * side, 1);

/** Little-endian float32, as everything that runs WebAssembly has them: a view where they are aligned, else a copy. */
export function floats(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
}
