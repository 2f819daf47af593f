/** What the server makes of words: the answer of `POST /v1/text`, and the vocabulary file of a model. */
import type { DecoderConfig } from '../shared/model/manifest';
import type { Vocabulary } from '../shared/model/naming';
import type { TextVectors } from '../shared/types';
import { floats } from './embedding';
import {
  binary,
  check,
  integer,
  known,
  mapping,
  required,
  sequence,
  text,
  type Reader,
} from '../shared/reading/fields';
import {
  MAX_MESSAGE_BYTES,
  MAX_NAME_BYTES,
  MAX_TENSOR_ELEMENTS,
  MAX_TEXT_BYTES,
} from '../shared/reading/limits';
import { decodeMsgpack } from './msgpack';
import { refuse } from '../shared/reading/refusal';

const MAX_NAMES = 100_000;
const MAX_TEXTS = 10_000;

const name = text(MAX_NAME_BYTES);
const words = text(MAX_TEXT_BYTES);

/** The part of an answer that was asked for; null where the server left it out. */
export interface TextAnswer {
  readonly fingerprint: string;
  readonly texts: readonly TextVectors[] | null;
  readonly vocabulary: Vocabulary | null;
}

export function readTextAnswer(bytes: ArrayBuffer): TextAnswer {
  const fields = mapping(plainOf(bytes), 'answer');
  return {
    fingerprint: required(fields, 'fingerprint', name, 'answer'),
    texts: fields.texts === undefined ? null : texts(fields.texts, 'texts'),
    vocabulary: fields.vocabulary === undefined ? null : vocabulary(fields.vocabulary, 'vocabulary'),
  };
}

/** What a model's vocabulary file holds. */
export interface ModelNames {
  readonly vocabulary: Vocabulary;
  /** [E, S + 1], see `worker/mask/meaning.ts`; null for a model without a map of meanings. */
  readonly toSentence: Float32Array | null;
}

/** `{names, class_matrix, to_sentence?}`, of the widths that the model has. */
export function readModelNames(
  bytes: ArrayBuffer,
  { class_dim, semantic }: Pick<DecoderConfig, 'class_dim' | 'semantic'>,
): ModelNames {
  const where = 'vocabulary';
  const fields = mapping(plainOf(bytes), where);
  const read = vocabulary(fields, where);
  const width = semantic?.sentence_dim ?? class_dim;
  check(read.classMatrix.length === read.names.length * width, `${where}: expected rows ${width} wide`);
  if (!semantic) return { vocabulary: read, toSentence: null };
  const { shape, values } = required(fields, 'to_sentence', floatTensor, where);
  check(
    shape[0] === width && shape[1] === semantic.channels + 1,
    `${where}: to_sentence is [${shape.join(', ')}], expected [${width}, ${semantic.channels} + 1]`,
  );
  return { vocabulary: read, toSentence: values };
}

const textVectors: Reader<TextVectors> = (value, where) => {
  const fields = mapping(value, where);
  const tokens = required(fields, 'tokens', floatTensor, where).values;
  return { tokens, sentence: required(fields, 'sentence', floatTensor, where).values };
};

const texts = sequence(textVectors, MAX_TEXTS);

const vocabulary: Reader<Vocabulary> = (value, where) => {
  const fields = mapping(value, where);
  const names = required(fields, 'names', sequence(words, MAX_NAMES), where);
  const { shape, values } = required(fields, 'class_matrix', floatTensor, where);
  check(
    shape.length === 2 && shape[0] === names.length,
    `${where}: ${names.length} names and a matrix of shape [${shape.join(', ')}]`,
  );
  return { names, classMatrix: values };
};

interface Floats {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** `{dtype, shape, data}` of float32. */
const floatTensor: Reader<Floats> = (value, where) => {
  const fields = mapping(value, where);
  known(required(fields, 'dtype', name, where), ['float32'], `${where}.dtype`);
  const shape = required(fields, 'shape', sequence(integer, 2), where);
  const data = required(fields, 'data', binary, where);
  const count = shape.reduce((product, side) => product * side, 1);
  check(
    shape.every((side) => side >= 0) && count <= MAX_TENSOR_ELEMENTS,
    `${where}: shape [${shape.join(', ')}] is not allowed`,
  );
  if (data.length !== 4 * count) {
    refuse('payload-mismatch', `${where}: ${data.length} bytes, exactly ${4 * count} are needed`);
  }
  return { shape, values: floats(data) };
};

function plainOf(bytes: ArrayBuffer) {
  if (bytes.byteLength > MAX_MESSAGE_BYTES) {
    refuse('limit-exceeded', `${bytes.byteLength} bytes, at most ${MAX_MESSAGE_BYTES} are allowed`);
  }
  return decodeMsgpack(new Uint8Array(bytes));
}
