/** Checks of plain data that came from outside: what is wrong, with its place, or null. */
export type Check = (value: unknown, path: string) => string | null;

export const typed =
  (type: 'number' | 'string'): Check =>
  (value, path) =>
    typeof value === type ? null : `${path} must be a ${type}`;

export const NUMBER = typed('number');
export const STRING = typed('string');

export const oneOf =
  (known: readonly string[]): Check =>
  (value, path) =>
    known.some((name) => name === value) ? null : `${path} must be one of ${known.join(', ')}`;

export const nullOr =
  (check: Check): Check =>
  (value, path) =>
    value === null ? null : check(value, path);

export const listOf =
  (item: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return `${path} must be a list`;
    return firstProblem(value.map((element, index) => item(element, `${path}[${index}]`)));
  };

export const object =
  (fields: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path) => {
    if (!isRecord(value)) return `${path} must be an object`;
    return firstProblem([
      ...Object.entries(fields).map(([name, check]) => check(value[name], `${path}.${name}`)),
      ...Object.entries(optional)
        .filter(([name]) => value[name] !== undefined)
        .map(([name, check]) => check(value[name], `${path}.${name}`)),
    ]);
  };

export const recordOf =
  (item: Check): Check =>
  (value, path) => {
    if (!isRecord(value)) return `${path} must be an object`;
    return firstProblem(Object.entries(value).map(([name, element]) => item(element, `${path}.${name}`)));
  };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const firstProblem = (problems: readonly (string | null)[]): string | null =>
  problems.find((problem) => problem !== null) ?? null;
