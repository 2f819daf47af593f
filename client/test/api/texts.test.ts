import { encode } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import { createTexts } from '../../src/api/texts';
import type { PostRequest, PostResponse } from '../../src/api/transport';
import { Failure, type ClientError } from '../../src/shared/errors';

const FINGERPRINT = '0123456789abcdef';

const tensor = (shape: readonly number[], ...values: number[]) => ({
  dtype: 'float32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});

interface Asked {
  readonly texts?: string[];
  readonly vocabulary?: string[];
}

/** Vectors that follow from the lengths of the words. */
const answerTo = ({ texts, vocabulary }: Asked): object => ({
  model: 'tiny',
  fingerprint: FINGERPRINT,
  ...(texts && {
    texts: texts.map((text) => ({
      text,
      tokens: tensor([1, 2], text.length, 0),
      sentence: tensor([2], 0, text.length),
    })),
  }),
  ...(vocabulary && {
    vocabulary: {
      names: vocabulary,
      class_matrix: tensor([vocabulary.length, 1], ...vocabulary.map((name) => name.length)),
    },
  }),
});

const response = (status: number, body: Uint8Array): PostResponse => ({
  status,
  body: body.slice().buffer,
  header: () => null,
});

/** A server whose answers the test may change on their way. */
function against(change: (answer: object) => object = (answer) => answer, refusal?: PostResponse) {
  const requests: PostRequest[] = [];
  const asked: Asked[] = [];
  const texts = createTexts('http://server/v1/text', {
    transport: async (request) => {
      requests.push(request);
      const body = JSON.parse(await request.body.text()) as Asked;
      asked.push(body);
      return refusal ?? response(200, encode(change(answerTo(body))));
    },
    sleep: () => Promise.resolve(),
  });
  return { texts, requests, asked };
}

const options = { fingerprint: FINGERPRINT, signal: new AbortController().signal };

async function errorOf(promise: Promise<unknown>): Promise<ClientError> {
  const thrown: unknown = await promise.catch((error: unknown) => error);
  if (!(thrown instanceof Failure)) throw new Error('did not fail');
  return thrown.detail;
}

describe('texts', () => {
  it('are asked for together, and come back as vectors in order', async () => {
    const { texts, requests, asked } = against();
    expect(await texts.encode(['dog', 'café'], options)).toEqual([
      { tokens: Float32Array.of(3, 0), sentence: Float32Array.of(0, 3) },
      { tokens: Float32Array.of(4, 0), sentence: Float32Array.of(0, 4) },
    ]);
    expect(asked).toEqual([{ texts: ['dog', 'café'] }]);
    expect(requests[0]?.headers).toEqual({
      Accept: 'application/msgpack',
      'Content-Type': 'application/json',
      traceparent: expect.any(String) as string,
    });
  });

  it('none need no request', async () => {
    const { texts, requests } = against();
    expect(await texts.encode([], options)).toEqual([]);
    expect(requests).toEqual([]);
  });

  it.each([
    [
      'vectors of another model',
      (answer: object) => ({ ...answer, fingerprint: 'ffffffffffffffff' }),
      'fingerprint',
    ],
    ['too few', (answer: object) => ({ ...answer, texts: [] }), 'codec'],
    [
      'a tensor cut short',
      (answer: object) => ({ ...answer, texts: [{ tokens: tensor([1, 2], 1), sentence: tensor([1], 1) }] }),
      'codec',
    ],
    [
      'a negative shape',
      (answer: object) => ({ ...answer, texts: [{ tokens: tensor([-1, -1], 1), sentence: tensor([1], 1) }] }),
      'codec',
    ],
  ])('refuse %s', async (_, change, kind) => {
    const { texts } = against(change);
    expect(await errorOf(texts.encode(['dog'], options))).toMatchObject({ kind });
  });

  it('keep what the server says, and are not asked again', async () => {
    const problem = {
      type: 'urn:splitseem:problem:not-found',
      status: 404,
      detail: 'no text encoder is loaded for model nano',
    };
    const { texts, requests } = against(
      undefined,
      response(404, new TextEncoder().encode(JSON.stringify(problem))),
    );
    expect(await errorOf(texts.encode(['dog'], options))).toMatchObject({
      kind: 'http',
      problem: problem.type,
      message: problem.detail,
    });
    expect(requests).toHaveLength(1);
  });
});

describe('class names', () => {
  it('become one matrix, however many requests they take', async () => {
    const { texts, asked } = against();
    const names = Array.from({ length: 100 }, (_, k) => 'n'.repeat(k + 1));
    const { classMatrix } = await texts.classMatrix(names, options);
    expect(asked.map(({ vocabulary }) => vocabulary?.length)).toEqual([64, 36]);
    expect([...classMatrix]).toEqual(names.map((name) => name.length));
  });
});
