import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { download } from '../../src/api/download';
import { createTexts } from '../../src/api/texts';
import { within } from '../../src/api/wait';
import { Failure } from '../../src/shared/errors';
import { answerOnce, fetchRuntime } from '../../src/worker/runtime/runtimeFile';

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A real server on a free port. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
}

const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  const thrown: unknown = await promise.catch((error: unknown) => error);
  return thrown instanceof Failure ? thrown.detail : thrown;
};

const silent: RequestListener = () => undefined;
const stallsInTheMiddle: RequestListener = (_, response) => {
  response.writeHead(200, { 'Content-Length': 100 }).write('half');
};
const cutsInTheMiddle: RequestListener = (_, response) => {
  response.writeHead(200, { 'Content-Length': 100 }).write('half', () => {
    setTimeout(() => response.destroy(), 20);
  });
};

describe('a file', () => {
  it.each([
    ['never answers', silent],
    ['stalls in the middle', stallsInTheMiddle],
  ])('of a server that %s ends with words about it', async (_, answer) => {
    const url = await serve(answer);
    const failure = await failureOf(download(url, { milliseconds: 200 }));
    expect(failure).toMatchObject({ kind: 'network', what: 'server-silent' });
  });

  it('that is cut in the middle is a failure of the network, not half a file', async () => {
    const failure = await failureOf(download(await serve(cutsInTheMiddle)));
    expect(failure).toMatchObject({ kind: 'network' });
  });

  it('may take longer than the limit as long as bytes come', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'Content-Length': 6 });
      let sent = 0;
      const timer = setInterval(() => {
        response.write('x');
        if (++sent === 6) {
          clearInterval(timer);
          response.end();
        }
      }, 300);
    });
    const heard: number[] = [];
    const onProgress = ({ bytes, total }: { bytes: number; total: number | null }): void => {
      expect(total).toBe(6);
      heard.push(bytes);
    };
    expect((await download(url, { milliseconds: 1500, onProgress })).byteLength).toBe(6);
    expect(heard.at(-1)).toBe(6);
  });

  it('is given up when the caller cancels', async () => {
    const control = new AbortController();
    const waiting = failureOf(download(await serve(silent), { signal: control.signal }));
    control.abort();
    expect(await waiting).toMatchObject({ kind: 'aborted' });
  });

  it('is the caller’s status where that is no success', async () => {
    const url = await serve((_, response) => response.writeHead(503).end());
    expect(await failureOf(download(url))).toMatchObject({ kind: 'http', status: 503 });
  });
});

it('texts of a silent server end, and are not asked for again by themselves', async () => {
  let asked = 0;
  const url = await serve(() => {
    asked++;
  });
  const options = { fingerprint: 'a', signal: new AbortController().signal };
  const failure = await failureOf(createTexts(url, undefined, 200).encode(['cat'], options));
  expect(failure).toMatchObject({ kind: 'network', what: 'server-silent' });
  expect(asked).toBe(1);
});

describe('the runtime', () => {
  it.each([
    ['is missing', (_, response) => response.writeHead(404).end()],
    ['is a page', (_, response) => response.writeHead(200).end('<!doctype html>')],
    ['is empty', (_, response) => response.writeHead(200).end()],
  ] satisfies [string, RequestListener][])('that %s is said to be missing', async (_, answer) => {
    const failure = await failureOf(fetchRuntime(await serve(answer)));
    expect(failure).toMatchObject({ kind: 'decoder', what: 'runtime-missing' });
  });

  it('is counted as it comes, and is what the next request for its address is answered with', async () => {
    const module = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    let asked = 0;
    const url = await serve((_, response) => {
      asked++;
      response.writeHead(200, { 'Content-Type': 'application/wasm', 'Content-Length': 8 }).end(module);
    });
    const progress: unknown[] = [];
    answerOnce(url, await fetchRuntime(url, { onProgress: (loaded) => progress.push(loaded) }));
    expect(progress.at(-1)).toEqual({ bytes: 8, total: 8 });
    const first = await (await fetch(url)).arrayBuffer();
    expect([new Uint8Array(first), asked]).toEqual([module, 1]);
    await fetch(url);
    expect(asked).toBe(2);
  });

  it('leaves requests for other addresses alone', async () => {
    const other = await serve((_, response) => response.writeHead(200).end('other'));
    answerOnce('http://127.0.0.1/runtime.wasm', new Response('mine'));
    expect(await (await fetch(other)).text()).toBe('other');
    expect(await (await fetch('http://127.0.0.1/runtime.wasm')).text()).toBe('mine');
  });
});

it('what was done in time is not disturbed later', async () => {
  expect(await within({ patience: 'file', milliseconds: 20 }, () => Promise.resolve(7))).toBe(7);
  await new Promise((resolve) => setTimeout(resolve, 60));
});
