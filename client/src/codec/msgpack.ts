/**
 * msgpack bytes -> plain data, as strict as the format allows.
 *
 * General decoders take what `proto/README.md` refuses: keys that appear twice, text that is not UTF-8,
 * numbers of the wrong type, extension types. Binary values are views of the input, not copies.
 *
 * Source: the msgpack specification, section "Formats".
 */
import { MAX_RLE_COUNTS } from '../shared/reading/limits';
import { Failure } from '../shared/errors';
import { WireFloat, type Plain } from '../shared/reading/plain';
import { refuse } from '../shared/reading/refusal';

/** The bytes end before the value does: more of them may make it whole. */
export class CutShort extends Failure {
  constructor(message: string) {
    super({ kind: 'codec', reason: 'malformed', message });
  }
}

const MAX_DEPTH = 1024;

export function decodeMsgpack(bytes: Uint8Array): Plain {
  const reader = new MsgpackReader(bytes);
  const value = reader.value(0);
  if (reader.remaining > 0) refuse('trailing-bytes', `${reader.remaining} bytes follow the message`);
  return value;
}

/** Reads one value after another. */
export class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  // `ignoreBOM` keeps a leading byte order mark as text, as other readers do.
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#at = at;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the next value begins. */
  get at(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Move past the head of a map: how many pairs follow; null when another type does. */
  enterMap(): number | null {
    return this.#enter(0x80, 0xde);
  }

  /** Move past the head of an array: how many items follow; null when another type does. */
  enterArray(): number | null {
    return this.#enter(0x90, 0xdc);
  }

  #enter(short: number, long: number): number | null {
    const tag = this.#bytes[this.#take(1)] ?? 0;
    if (tag >> 4 === short >> 4) return tag & 0x0f;
    return tag === long || tag === long + 1 ? this.#unsigned(2 * (tag - long + 1)) : null;
  }

  value(depth: number): Plain {
    if (depth > MAX_DEPTH) refuse('malformed', 'values are nested too deeply');
    const tag = this.#bytes[this.#take(1)] ?? 0;
    if (tag <= 0x7f) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag <= 0x8f) return this.#map(tag & 0x0f, depth);
    if (tag <= 0x9f) return this.#array(tag & 0x0f, depth);
    if (tag <= 0xbf) return this.#text(tag & 0x1f);
    return this.#tagged(tag, depth);
  }

  #tagged(tag: number, depth: number): Plain {
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#unsigned(2 ** (tag - 0xc4)));
      case 0xca:
        return new WireFloat(this.#view.getFloat32(this.#take(4)));
      case 0xcb:
        return new WireFloat(this.#view.getFloat64(this.#take(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#unsigned(2 ** (tag - 0xcc));
      case 0xd0:
        return this.#view.getInt8(this.#take(1));
      case 0xd1:
        return this.#view.getInt16(this.#take(2));
      case 0xd2:
        return this.#view.getInt32(this.#take(4));
      case 0xd3:
        return Number(this.#view.getBigInt64(this.#take(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(2 ** (tag - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#unsigned(2 ** (tag - 0xdb)), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(2 ** (tag - 0xdd)), depth);
      default:
        return refuse('malformed', `msgpack type 0x${tag.toString(16)} is not used by the format`);
    }
  }

  #unsigned(bytes: number): number {
    const at = this.#take(bytes);
    if (bytes === 1) return this.#view.getUint8(at);
    if (bytes === 2) return this.#view.getUint16(at);
    if (bytes === 4) return this.#view.getUint32(at);
    return Number(this.#view.getBigUint64(at));
  }

  /** Move past `count` bytes and return where they start. */
  #take(count: number): number {
    if (count > this.remaining) throw new CutShort('the message is cut short');
    const at = this.#at;
    this.#at += count;
    return at;
  }

  #binary(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  #text(length: number): string {
    try {
      return this.#utf8.decode(this.#binary(length));
    } catch (error) {
      if (error instanceof TypeError) return refuse('malformed', 'text is not valid UTF-8');
      throw error;
    }
  }

  #array(length: number, depth: number): Plain[] {
    // Every item takes a byte at least: a lie about the length allocates nothing.
    if (length > MAX_RLE_COUNTS) refuse('malformed', `an array claims ${length} items`);
    if (length > this.remaining) {
      throw new CutShort(`an array claims ${length} items, the message has ${this.remaining} bytes left`);
    }
    return Array.from({ length }, () => this.value(depth + 1));
  }

  #map(length: number, depth: number): Plain {
    const entries = new Map<string, Plain>();
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      const value = this.value(depth + 1);
      if (typeof key !== 'string') refuse('wrong-type', 'map keys must be strings');
      if (entries.has(key)) refuse('duplicate', `map key "${key}" appears twice`);
      entries.set(key, value);
    }
    return Object.fromEntries(entries);
  }
}
