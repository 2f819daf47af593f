import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ClientError } from '../../src/shared/errors';
import { KIND_WORDS, NAMED_WORDS, PROBLEM_WORDS, sayFailure, wordsOf } from '../../src/shared/failures';
import { readJson } from '../vectors';

const LIBRARY = 'no available backend found. ERR: [wasm] -sASSERTIONS (evaluating "a.b")';
const APP = fileURLToPath(new URL('../../src/app/', import.meta.url));
const served = readJson('vectors/problems.json') as { readonly problems: readonly ProblemCase[] };

interface ProblemCase {
  readonly type: string;
  readonly status: number;
}

const httpError = (problem: string, status: number): ClientError => ({
  kind: 'http',
  message: LIBRARY,
  status,
  problem,
});

describe('what users read', () => {
  it.each(Object.entries({ ...KIND_WORDS, ...NAMED_WORDS, ...PROBLEM_WORDS }))(
    'of %s is what happened and what to do, in plain sentences',
    (_, { happened, remedy }) => {
      expect(happened).toMatch(/^[A-Z][^.{}_[\]<>=]*[^.\s]$/);
      expect(remedy).toMatch(/^[A-Z][^{}_[\]<>=]*\.$/);
      expect(`${happened} ${remedy}`).not.toMatch(
        /undefined|null|exception|RLE|msgpack|JSON|HTTP|WASM|\b[45]\d\d\b/,
      );
    },
  );

  it.each(Object.keys(KIND_WORDS))('of the kind %s holds nothing of the message', (kind) => {
    const error = { kind, message: LIBRARY, status: 500, reason: 'malformed' } as unknown as ClientError;
    expect(sayFailure(error)).not.toContain('backend');
    expect(sayFailure(error)).toMatch(/^[A-Z].*\.$/);
  });

  it('begins with what it is about', () => {
    const error: ClientError = { kind: 'image', what: 'photo-empty', about: 'a.png', message: LIBRARY };
    expect(sayFailure(error)).toBe('a.png: the file is empty. Choose another file.');
  });

  it('is never the message of an error', () => {
    const parts = readdirSync(APP, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.tsx'),
    );
    expect(parts.length).toBeGreaterThan(10);
    for (const name of parts) {
      const shown = readFileSync(`${APP}${name}`, 'utf8').replace(/title=\{error\.message\}/g, '');
      expect({ name, shows: /\.message\b/.exec(shown)?.[0] }).toEqual({ name, shows: undefined });
    }
  });
});

describe('problem documents of the server', () => {
  it('have their own words, each of them and no other', () => {
    const names = served.problems.map(({ type }) => type.replace('urn:splitseem:problem:', ''));
    expect(Object.keys(PROBLEM_WORDS).sort()).toEqual(names.sort());
  });

  it.each(served.problems)('$type is found', ({ type, status }) => {
    const name = type.replace('urn:splitseem:problem:', '');
    expect(wordsOf(httpError(type, status))).toBe(PROBLEM_WORDS[name]);
  });

  it.each([
    ['of a proxy', 'about:blank', 504, 'The server took too long to answer'],
    ['of a later version', 'urn:splitseem:problem:of-tomorrow', 503, 'The server is not ready yet'],
    ['named like a property of Object', 'constructor', 500, 'The server could not do this'],
  ])('%s are told by their status', (_, type, status, happened) => {
    expect(wordsOf(httpError(type, status)).happened).toBe(happened);
  });
});
