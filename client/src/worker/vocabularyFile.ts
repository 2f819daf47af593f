import { floats } from '../codec/embedding';
import { mapping, pair, binary, integer, known, required, sequence, text } from '../codec/fields';
import { decodeMsgpack } from '../codec/msgpack';
import { Failure } from '../shared/errors';
import type { Vocabulary } from './vocabulary';

const MAX_NAMES = 100_000;
const MAX_NAME_BYTES = 4096;

/** `{names, class_matrix: {dtype, shape, data}}`; the matrix is float32 [names, width]. */
export function readVocabulary(bytes: ArrayBuffer, width: number): Vocabulary {
  const fields = mapping(decodeMsgpack(new Uint8Array(bytes)), 'vocabulary');
  const names = required(fields, 'names', sequence(text(MAX_NAME_BYTES), MAX_NAMES), 'vocabulary');
  const matrix = required(fields, 'class_matrix', mapping, 'vocabulary');
  known(required(matrix, 'dtype', text(16), 'class_matrix'), ['float32'], 'class_matrix.dtype');
  const [rows, columns] = required(matrix, 'shape', pair(integer), 'class_matrix');
  const data = required(matrix, 'data', binary, 'class_matrix');
  if (rows !== names.length || columns !== width || data.length !== rows * columns * 4) {
    throw new Failure({
      kind: 'model',
      message: `the vocabulary has ${names.length} names and a matrix of ${rows} x ${columns}, expected width ${width}`,
    });
  }
  return { names, classMatrix: floats(data) };
}
