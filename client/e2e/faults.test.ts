/** The page when something that it waits for never comes: a dead worker, a silent server, a runtime that cannot run. */
import type { Route } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CocoRle } from '../src/shared/types';
import { samplePath, type PageUnderTest } from './browser';
import { iou } from './masks';
import { freePort, startProxy, startServer } from './programs';
import { useStage } from './stage';

const SAMPLE = 'chelsea.jpg';
const GENEROUS = { timeout: 180_000 };

const stage = useStage({ breaks: true });
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.newUser();
  user.page.setDefaultTimeout(90_000);
});

async function visit(path = '/'): Promise<void> {
  await user.page.goto(new URL(path, stage.url).href);
}

/** Where the fault is in the decoder, everything is there to answer clicks all the same. */
async function expectAnswers(): Promise<void> {
  await user.openSample(SAMPLE);
  const first = await user.click({ x: 0.5, y: 0.5 });
  const second = await user.click({ x: 0.3, y: 0.6 });
  expect(first.mask).not.toBeNull();
  expect(second.prompts).toHaveLength(2);
}

const WORKER_FAULTS = {
  'that throws': 'setTimeout(() => { throw new Error("out of memory") })',
  'that ends without a word': 'self.close()',
  'that never comes back': 'setTimeout(() => { for (;;); })',
};

/** A click, maybe a fault of the worker, and another click. */
async function maskAfter(fault: string | null): Promise<CocoRle> {
  const clicking = await stage.visit(fault === null ? '/' : '/?patience=8');
  clicking.page.setDefaultTimeout(90_000);
  await clicking.openSample(SAMPLE);
  await clicking.click({ x: 0.5, y: 0.5 });
  if (fault !== null) await clicking.page.workers()[0]?.evaluate(fault);
  const { mask, prompts } = await clicking.click({ x: 0.3, y: 0.6 });
  expect(prompts).toHaveLength(2);
  if (mask === null) throw new Error('no mask');
  return mask;
}

// At the same time: most of it is waiting until a worker has been silent for long enough.
it('a worker that throws, ends or hangs is replaced, and what waits is answered', GENEROUS, async () => {
  const undisturbed = await maskAfter(null);
  const disturbed = Object.entries(WORKER_FAULTS).map(
    async ([fault, script]) => [fault, iou(await maskAfter(script), undisturbed)] as const,
  );
  for (const [fault, overlap] of await Promise.all(disturbed)) {
    expect(overlap, `a worker ${fault}`).toBeGreaterThan(0.999);
  }
});

/** A module whose only function, f, does what cannot be done: as the runtime's own code when its memory is damaged. */
const TRAP =
  'new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,5,1,3,0,0,11))).exports.f()';

describe('a worker is replaced without a long silence, and the click is answered', () => {
  it.each([
    ['that has ended while nothing was asked of it', 'self.close()'],
    ['whose WebAssembly traps in a step', `performance.now = () => ${TRAP}`],
    ['whose runtime has run out of memory', 'performance.now = () => { throw new Error("std::bad_alloc"); }'],
  ])('%s', GENEROUS, async (_, fault) => {
    await visit();
    await user.openSample(SAMPLE);
    const before = await user.answered();
    await user.page
      .workers()[0]
      ?.evaluate(fault)
      .catch(() => undefined);
    await user.press({ x: 0.5, y: 0.5 });
    // The silence that would be noticed otherwise is longer.
    const limit = { timeout: 70_000 };
    await user.page.waitForFunction(
      (count) => {
        const { splitseem } = globalThis as unknown as { splitseem: { timings(): unknown[] } };
        return splitseem.timings().length > count;
      },
      before,
      limit,
    );
    expect((await user.objects())[0]?.mask).not.toBeNull();
    expect(await user.status.textContent()).not.toContain('Error');
  });
});

describe('the server decodes, and the status says why', () => {
  const servedAs =
    (status: number, contentType: string, body: string) =>
    (route: Route): Promise<void> =>
      route.fulfill({ status, contentType, body });

  it.each([
    ['missing', servedAs(404, 'text/plain', 'not found')],
    ['a page', servedAs(200, 'text/html', '<!doctype html><title>app</title>')],
    ['a page called WebAssembly', servedAs(200, 'application/wasm', '<!doctype html>')],
  ])('where the runtime is %s', GENEROUS, async (_, answer) => {
    await user.page.route('**/*.wasm', answer);
    await visit();
    await user.status
      .getByText(/Decoding on the server: a file of this page .* missing or damaged/)
      .waitFor();
    await expectAnswers();
    expect((await user.objects())[0]?.label).not.toBeNull();
  });

  it('where the site’s policy allows no WebAssembly', GENEROUS, async () => {
    const policy =
      "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob:";
    await user.page.route('**/*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        headers: { ...response.headers(), 'content-security-policy': policy },
      });
    });
    await visit();
    await user.status.getByText(/Decoding on the server: .* WebAssembly/).waitFor();
    await expectAnswers();
  });
});

/** In the page: the worker says that every step took 0.7 s. */
const SLOW_STEPS = `
  const listen = Worker.prototype.addEventListener;
  Worker.prototype.addEventListener = function (type, listener) {
    const slow = ({ data }) => {
      if (data.value?.timings !== undefined) data.value.timings.step = 700;
    };
    if (type === 'message') listen.call(this, 'message', slow);
    listen.call(this, type, listener);
  };
`;

it(
  'where steps take over half a second the server decodes, visibly, and all objects stay',
  GENEROUS,
  async () => {
    await user.page.addInitScript(SLOW_STEPS);
    await visit();
    await user.openSample(SAMPLE);
    const decoded: string[] = [];
    user.page.on('request', (request) => {
      if (request.url().includes('/v1/decode')) decoded.push(request.url());
    });
    for (let count = 0; count < 5; count++) await user.click({ x: 0.5, y: 0.4 + 0.02 * count });
    await user.status.getByText(/^Decoding on the server: a click takes [\d.]+ s in this browser$/).waitFor();
    expect(decoded).toEqual([]);
    await user.waitForEmbedding();
    const { mask, prompts } = await user.click({ x: 0.55, y: 0.5 });
    expect(prompts).toHaveLength(6);
    expect(mask).not.toBeNull();
    expect(decoded).toHaveLength(1);
  },
);

it('a server that decodes and has lost the photo is sent it again', GENEROUS, async () => {
  const port = await freePort();
  const start = () => startServer(['--cache', 'memory'], undefined, port);
  let decoding = await start();
  try {
    await user.page.route('**/*.wasm', (route) => route.fulfill({ status: 404, body: '' }));
    await user.page.goto(decoding.url);
    await user.openSample(SAMPLE);
    await user.click({ x: 0.5, y: 0.5 });
    const posted: string[] = [];
    user.page.on('request', (request) => {
      if (request.method() === 'POST') posted.push(new URL(request.url()).pathname);
    });
    await user.click({ x: 0.4, y: 0.5 });
    expect(posted).toEqual(['/v1/decode']);
    await decoding.stop();
    decoding = await start();
    posted.length = 0;
    const after = await user.click({ x: 0.3, y: 0.6 });
    expect(posted).toEqual(['/v1/decode', '/v1/embed', '/v1/decode']);
    expect(after.prompts).toHaveLength(3);
    expect(after.mask).not.toBeNull();
  } finally {
    await decoding.stop();
  }
});

describe('an answer that is cut in the middle', () => {
  it('is asked for again where it is the embedding', GENEROUS, async () => {
    const proxy = await startProxy(stage.url);
    try {
      await user.page.goto(proxy.url);
      proxy.cutOnce('/v1/embed');
      await user.openSample(SAMPLE);
      expect(proxy.paths.filter((path) => path === '/v1/embed')).toHaveLength(2);
      expect((await user.click({ x: 0.5, y: 0.5 })).mask).not.toBeNull();
    } finally {
      await proxy.stop();
    }
  });

  it('is said where it is the model, which can be asked for again', GENEROUS, async () => {
    const proxy = await startProxy(stage.url);
    try {
      proxy.cutOnce('/v1/model');
      await user.page.goto(proxy.url);
      await user.status.getByText(/The server cannot be reached/).waitFor();
      await user.openFile(samplePath(SAMPLE));
      await user.button('Try again').click();
      await user.waitForEmbedding();
      expect((await user.click({ x: 0.5, y: 0.5 })).mask).not.toBeNull();
    } finally {
      await proxy.stop();
    }
  });
});

it('the runtime is asked for once, and its megabytes are counted', GENEROUS, async () => {
  const proxy = await startProxy(stage.url);
  try {
    await user.page.addInitScript(() => {
      const said: string[] = [];
      Object.assign(globalThis, { said });
      new MutationObserver(() => {
        said.push(document.querySelector('[role=status]')?.textContent ?? '');
      }).observe(document, { childList: true, subtree: true, characterData: true });
    });
    await user.page.goto(proxy.url);
    await user.waitForDecoder();
    expect(proxy.paths.filter((path) => path.endsWith('.wasm'))).toHaveLength(1);
    const said = await user.page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
    expect(said.join('\n')).toMatch(/Loading the decoder: \d+\.\d (of \d+\.\d )?MB/);
  } finally {
    await proxy.stop();
  }
});

describe('a server that never answers', () => {
  const never = (): Promise<void> => new Promise(() => undefined);

  it('for the manifest is named, and can be asked again', GENEROUS, async () => {
    await user.page.route('**/v1/model', never, { times: 1 });
    await visit('/?patience=8');
    await user.status.getByText(/The server does not answer/).waitFor();
    await user.openFile(samplePath(SAMPLE));
    await user.button('Try again').click();
    await user.waitForEmbedding();
    expect((await user.click({ x: 0.5, y: 0.5 })).mask).not.toBeNull();
  });

  it('for the photo is named, and can be asked again', GENEROUS, async () => {
    await user.page.route('**/v1/embed', never, { times: 1 });
    await visit('/?patience=8');
    await user.openFile(samplePath(SAMPLE));
    await user.status.getByText(/The server does not answer/).waitFor();
    await user.button('Try again').click();
    await user.waitForEmbedding();
  });

  it('need not be waited for', GENEROUS, async () => {
    await user.page.route('**/v1/embed', never, { times: 1 });
    await visit();
    await user.openFile(samplePath(SAMPLE));
    await user.button('Cancel').click();
    await user.page
      .getByText(/This was cancelled/)
      .first()
      .waitFor();
    await user.button('Try again').click();
    await user.waitForEmbedding();
  });
});
