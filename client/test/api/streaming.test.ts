import { afterEach, describe, expect, it, vi } from 'vitest';
import { post } from '../../src/api/post';
import { postStreaming } from '../../src/api/streaming';
import type { TransferProgress } from '../../src/api/transport';
import { Failure } from '../../src/shared/errors';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A server that sends these parts of an answer, and then breaks off or not. */
function against(parts: readonly string[], init: ResponseInit = {}, breaksOff = false) {
  const body = new ReadableStream<Uint8Array>({
    start: (stream) => {
      for (const part of parts) stream.enqueue(new TextEncoder().encode(part));
      if (breaksOff) stream.error(new TypeError('network error'));
      else stream.close();
    },
  });
  const fetched = vi.fn((_: string, request: RequestInit) => {
    if (request.signal?.aborted === true) return Promise.reject(new DOMException('aborted', 'AbortError'));
    return Promise.resolve(new Response(body, init));
  });
  vi.stubGlobal('fetch', fetched);
  const heard: [string, number][] = [];
  const progress: TransferProgress[] = [];
  const request = {
    url: 'http://server/v1/embed',
    body: new Blob(['photo']),
    headers: { Accept: 'application/msgpack' },
    signal: new AbortController().signal,
    onProgress: (step: TransferProgress) => progress.push(step),
    onBytes: (bytes: Uint8Array, at: number) => heard.push([new TextDecoder().decode(bytes), at]),
  };
  return { request, heard, progress, fetched };
}

const kindOf = async (promise: Promise<unknown>): Promise<string> => {
  const thrown: unknown = await promise.catch((error: unknown) => error);
  return thrown instanceof Failure ? thrown.detail.kind : 'no failure';
};

const text = (body: ArrayBuffer): string => new TextDecoder().decode(body);

describe('an answer that is handed out while it comes', () => {
  it('is there part by part, and then as a whole', async () => {
    const { request, heard, fetched } = against(['em', 'bed', 'ding'], { headers: { ETag: '"k"' } });
    const { status, header, body } = await postStreaming(request);
    expect([status, header('ETag'), text(body)]).toEqual([200, '"k"', 'embedding']);
    expect(heard).toEqual([
      ['em', 0],
      ['bed', 2],
      ['ding', 5],
    ]);
    const { body: sent, headers, signal } = request;
    expect(fetched).toHaveBeenCalledWith(request.url, { method: 'POST', body: sent, headers, signal });
  });

  it('tells how far it is, where the server says how much is to come', async () => {
    const { request, progress } = against(['1234', '5678'], { headers: { 'X-Splitseem-Bytes': '8' } });
    await postStreaming(request);
    expect(progress).toEqual([
      { phase: 'wait' },
      { phase: 'download', fraction: 0.5 },
      { phase: 'download', fraction: 1 },
    ]);
  });

  it('is not handed out when it is an error, which keeps its words', async () => {
    const { request, heard } = against(['{"title":', '"busy"}'], { status: 429 });
    const { status, body } = await postStreaming(request);
    expect([status, text(body)]).toEqual([429, '{"title":"busy"}']);
    expect(heard).toEqual([]);
  });

  it('that breaks off is a lost connection', async () => {
    const { request } = against(['emb'], {}, true);
    expect(await kindOf(postStreaming(request))).toBe('network');
  });

  it('that is not wanted any more is no error of the network', async () => {
    const { request } = against([]);
    expect(await kindOf(postStreaming({ ...request, signal: AbortSignal.abort() }))).toBe('aborted');
  });
});

describe('the way a body is sent', () => {
  it('reports the upload of a long one', async () => {
    const { request, fetched } = against(['x']);
    const opened = vi.fn();
    class Request {
      readonly upload = {};
      open = opened;
      setRequestHeader = vi.fn();
      abort = vi.fn();
    }
    vi.stubGlobal('XMLHttpRequest', Request);
    const body = { size: 3e6 } as Blob;
    expect(await kindOf(post({ ...request, body, signal: AbortSignal.abort() }))).toBe('aborted');
    expect(opened).toHaveBeenCalled();
    await post(request);
    expect(fetched).toHaveBeenCalledOnce();
  });
});
