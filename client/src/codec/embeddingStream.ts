/**
 * An embedding, read while it arrives: each tensor is there as soon as its bytes are, so that preparing the levels
 * need not wait for the mask features, which come last.
 *
 * What comes early has been checked by itself. The message as a whole is judged when it is there, by `unpackEmbedding`.
 * An embedding whose fields stand in another order than writers put them gives nothing early.
 */
import { Failure } from '../shared/errors';
import type { NamedTensor } from '../shared/types';
import { checkTensor, readHead, readTensor, type EmbeddingHead } from './embedding';
import { MAX_TENSORS } from '../shared/reading/limits';
import type { Plain } from '../shared/reading/plain';
import { CutShort, MsgpackReader } from './msgpack';
import { refuse } from '../shared/reading/refusal';

const FIRST_BYTES = 1 << 16;

/** A head is a few hundred bytes; what is longer is something else, and read at the end, once. */
const LONGEST_HEAD = 4096;

export class EmbeddingStream {
  #buffer = new Uint8Array(FIRST_BYTES);
  #length = 0;
  /** Where the next tensor begins, once the head was read. */
  #at = 0;
  #tensorsLeft: number | null = null;
  #head: EmbeddingHead | null = null;

  /** What stands before the tensors; null until it came. */
  get head(): EmbeddingHead | null {
    return this.#head;
  }

  /** Bytes that came. */
  get length(): number {
    return this.#length;
  }

  /** Take the next bytes; the tensors that they completed, in their order. */
  push(chunk: Uint8Array): readonly NamedTensor[] {
    this.#append(chunk);
    const complete: NamedTensor[] = [];
    try {
      this.#tensorsLeft ??= this.#readHead();
      while (this.#tensorsLeft > 0) complete.push(this.#readTensor());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // What is wrong, if it is more than missing bytes, will be said of the whole message.
      const canBeCured = error instanceof CutShort && (this.#head !== null || this.#length < LONGEST_HEAD);
      if (!canBeCured) this.#tensorsLeft = 0;
    }
    return complete;
  }

  #bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length);
  }

  #append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#buffer.length) {
      // Tensors that were given out keep the buffer they are views of.
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.#bytes());
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
  }

  /** Read up to the first tensor: how many there are. */
  #readHead(): number {
    const reader = new MsgpackReader(this.#bytes().subarray(0, LONGEST_HEAD));
    const fields: Record<string, Plain> = {};
    const pairs = reader.enterMap() ?? refuse('wrong-type', 'expected a map');
    for (let pair = 0; pair < pairs; pair++) {
      const field = reader.value(0);
      if (field === 'tensors') break;
      if (typeof field !== 'string') refuse('wrong-type', 'map keys must be strings');
      fields[field] = reader.value(0);
    }
    const count = reader.enterArray() ?? refuse('wrong-type', 'expected an array');
    if (count > MAX_TENSORS) refuse('limit-exceeded', `${count} tensors`);
    if (fields.protocol_version !== 1 || fields.type !== 'embedding')
      refuse('unknown-message', 'no embedding');
    this.#head = readHead(fields, 'embedding');
    this.#at = reader.at;
    return count;
  }

  #readTensor(): NamedTensor {
    const head = this.#head ?? refuse('missing-field', 'no head');
    const reader = new MsgpackReader(this.#bytes(), this.#at);
    const tensor = readTensor(reader.value(0), 'embedding.tensors');
    checkTensor(tensor, head, 'embedding');
    this.#at = reader.at;
    this.#tensorsLeft = (this.#tensorsLeft ?? 0) - 1;
    return tensor;
  }
}
