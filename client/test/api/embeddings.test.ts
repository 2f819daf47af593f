import { describe, expect, it } from 'vitest';
import { createEmbed, type EmbedProgress } from '../../src/api/embeddings';
import type { PostRequest, PostResponse, Transport } from '../../src/api/transport';
import { Failure, type ClientError } from '../../src/shared/errors';

const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer;

const response = (status: number, body = '', headers: Record<string, string> = {}): PostResponse => ({
  status,
  body: bytes(body),
  header: (name) => headers[name] ?? null,
});

const offline = (): never => {
  throw new Failure({ kind: 'network', message: 'the server cannot be reached' });
};

/** A server that gives these answers in turn, the last one for ever. */
function against(...answers: (() => PostResponse)[]) {
  const requests: PostRequest[] = [];
  const waits: number[] = [];
  const progress: EmbedProgress[] = [];
  const transport: Transport = (request) =>
    new Promise((resolve) => {
      requests.push(request);
      const answer = answers[Math.min(requests.length, answers.length) - 1];
      if (answer === undefined) throw new Error('no answer');
      resolve(answer());
    });
  const sleep = (milliseconds: number): Promise<void> => {
    waits.push(milliseconds);
    return Promise.resolve();
  };
  const embed = createEmbed('http://server/v1/embed', { transport, sleep });
  const run = (photo = new Blob(['x'], { type: 'image/jpeg' })): Promise<ArrayBuffer> =>
    embed(photo, { signal: new AbortController().signal, onProgress: (step) => progress.push(step) });
  return { run, requests, waits, progress };
}

async function errorOf(promise: Promise<unknown>): Promise<ClientError> {
  const thrown: unknown = await promise.catch((error: unknown) => error);
  if (!(thrown instanceof Failure)) throw new Error('did not fail');
  return thrown.detail;
}

describe('embedding request', () => {
  it('sends the file as it is and asks for msgpack', async () => {
    const { run, requests } = against(() => response(200, 'embedding'));
    expect(new TextDecoder().decode(await run())).toBe('embedding');
    expect(requests[0]?.headers).toEqual({
      Accept: 'application/msgpack',
      'Content-Type': 'image/jpeg',
      traceparent: expect.any(String) as string,
    });
  });

  it('says that a file of unknown type is just bytes', async () => {
    const { run, requests } = against(() => response(200));
    await run(new Blob(['x']));
    expect(requests[0]?.headers['Content-Type']).toBe('application/octet-stream');
  });
});

describe('retries', () => {
  it.each([
    ['a busy server', () => response(429)],
    ['a server that starts', () => response(503)],
    ['a lost connection', offline],
  ])('%s, ever less often', async (_, trouble) => {
    const { run, waits, progress } = against(trouble, trouble, () => response(200, 'ok'));
    await run();
    expect(waits).toEqual([500, 1000]);
    expect(progress.map(({ phase }) => phase)).toEqual(['retry', 'retry']);
  });

  it('waits as long as the server asks, within reason', async () => {
    const { run, waits } = against(
      () => response(429, '', { 'Retry-After': '3' }),
      () => response(429, '', { 'Retry-After': '86400' }),
      () => response(200),
    );
    await run();
    expect(waits).toEqual([3000, 20000]);
  });

  it('ends after five attempts with the last error', async () => {
    const { run, requests } = against(offline);
    expect(await errorOf(run())).toMatchObject({ kind: 'network' });
    expect(requests).toHaveLength(5);
  });

  it('does not repeat what cannot succeed', async () => {
    const { run, requests } = against(() => response(413, '{"type":"too-large","detail":"9 MB"}'));
    expect(await errorOf(run())).toMatchObject({ kind: 'http', status: 413, problem: 'too-large' });
    expect(requests).toHaveLength(1);
  });
});

describe('problem documents', () => {
  it.each([
    ['detail before title', '{"title":"Too large","detail":"9 MB of 8"}', /^9 MB of 8$/],
    ['title alone', '{"title":"Too large"}', /^Too large/],
    ['a page of a proxy', '<html>', /^the server answered 413/],
    ['a number', '7', /^the server answered 413/],
  ])('%s', async (_, body, message) => {
    const { run } = against(() => response(413, body));
    expect((await errorOf(run())).message).toMatch(message);
  });
});
