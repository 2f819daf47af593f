/** Typed reading of plain data: each reader returns the value of a field or refuses. */
import { WireFloat, type Plain } from './plain';
import { refuse } from './refusal';

export type Fields = Readonly<Record<string, Plain>>;
export type Reader<T> = (value: Plain, where: string) => T;

export const mapping: Reader<Fields> = (value, where) => {
  const isMap =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof WireFloat);
  return isMap ? (value as Fields) : refuse('wrong-type', `${where}: expected a map, got ${typeName(value)}`);
};

/** The field of that name, through `read`. */
export function required<T>(fields: Fields, name: string, read: Reader<T>, where: string): T {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined) return refuse('missing-field', `${where}: field "${name}" is missing`);
  return read(value, `${where}.${name}`);
}

/** The field of that name, through `read`; null where it is absent or null. */
export const optional = <T>(fields: Fields, name: string, read: Reader<T>, where: string): T | null =>
  nullable(read)(Object.hasOwn(fields, name) ? (fields[name] ?? null) : null, `${where}.${name}`);

/** A reader that also takes null. */
export const nullable =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value, where) =>
    value === null ? null : read(value, where);

export const integer: Reader<number> = (value, where) =>
  typeof value === 'number' && Number.isInteger(value)
    ? value
    : refuse('wrong-type', `${where}: expected an integer, got ${typeName(value)}`);

export const boolean: Reader<boolean> = (value, where) =>
  typeof value === 'boolean'
    ? value
    : refuse('wrong-type', `${where}: expected a boolean, got ${typeName(value)}`);

export const number: Reader<number> = (value, where) => {
  const read = value instanceof WireFloat ? value.value : value;
  if (typeof read !== 'number') {
    return refuse('wrong-type', `${where}: expected a number, got ${typeName(value)}`);
  }
  return Number.isFinite(read)
    ? read
    : refuse('non-finite', `${where}: expected a finite number, got ${read}`);
};

const LONE_SURROGATE = /\p{Surrogate}/u;

/** A reader of strings of at most `limit` bytes of UTF-8. */
export const text =
  (limit: number): Reader<string> =>
  (value, where) => {
    if (typeof value !== 'string') {
      return refuse('wrong-type', `${where}: expected a string, got ${typeName(value)}`);
    }
    if (LONE_SURROGATE.test(value)) return refuse('invalid-value', `${where}: not valid Unicode`);
    const bytes = new TextEncoder().encode(value).length;
    return bytes <= limit
      ? value
      : refuse('limit-exceeded', `${where}: ${bytes} bytes, at most ${limit} are allowed`);
  };

export const binary: Reader<Uint8Array> = (value, where) =>
  value instanceof Uint8Array
    ? value
    : refuse('wrong-type', `${where}: expected binary data, got ${typeName(value)}`);

/** A reader of arrays of at most `limit` items, each through `read`. */
export const sequence =
  <T>(read: Reader<T>, limit: number): Reader<readonly T[]> =>
  (value, where) => {
    if (!isArray(value)) return refuse('wrong-type', `${where}: expected an array, got ${typeName(value)}`);
    if (value.length > limit) {
      return refuse('limit-exceeded', `${where}: ${value.length} items, at most ${limit} are allowed`);
    }
    return value.map((item, index) => read(item, `${where}[${index}]`));
  };

/** A reader of arrays of exactly two items. */
export const pair =
  <T>(read: Reader<T>): Reader<readonly [T, T]> =>
  (value, where) => {
    const [a, b] = exactly(2, value, where);
    return [read(a ?? null, `${where}[0]`), read(b ?? null, `${where}[1]`)];
  };

/** A reader of arrays of exactly four items. */
export const quadruple =
  <T>(read: Reader<T>): Reader<readonly [T, T, T, T]> =>
  (value, where) => {
    const [a, b, c, d] = exactly(4, value, where);
    return [
      read(a ?? null, `${where}[0]`),
      read(b ?? null, `${where}[1]`),
      read(c ?? null, `${where}[2]`),
      read(d ?? null, `${where}[3]`),
    ];
  };

/** The name, when it is one of `names`. */
export function known<T extends string>(name: string, names: readonly T[], where: string): T {
  const found = names.find((candidate) => candidate === name);
  return found ?? refuse('unknown-name', `${where}: unknown name "${name}"; known are ${names.join(', ')}`);
}

/** Refuse as `invalid-value` unless the condition holds. */
export function check(condition: boolean, message: string): void {
  if (!condition) refuse('invalid-value', message);
}

function exactly(length: number, value: Plain, where: string): readonly Plain[] {
  if (isArray(value) && value.length === length) return value;
  return refuse('wrong-type', `${where}: expected an array of ${length}, got ${typeName(value)}`);
}

const isArray = (value: Plain): value is readonly Plain[] => Array.isArray(value);

function typeName(value: Plain): string {
  if (isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Uint8Array) return 'binary data';
  if (value instanceof WireFloat) return 'a float';
  return value === null ? 'null' : typeof value;
}
