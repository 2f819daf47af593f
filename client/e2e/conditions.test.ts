/** The page under less kind conditions: slow or absent server, broken files, no isolation, many threads. */
import { readFileSync } from 'node:fs';
import type { Request, Route } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { samplePath, type PageUnderTest } from './browser';
import { withOrientation } from './photos';
import { startPlainProxy } from './programs';
import { useStage } from './stage';

const SAMPLE = 'chelsea.jpg';
const EMBED = '**/v1/embed';

const stage = useStage();
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.newUser();
});

async function visit(path = '/', url = stage.url): Promise<void> {
  await user.page.goto(new URL(path, url).href);
}

/** Answer the first request for an embedding in another way, the rest as the server does. */
async function answerOnce(answer: (route: Route) => Promise<void>): Promise<void> {
  await user.page.route(EMBED, answer, { times: 1 });
}

const busy = (route: Route): Promise<void> =>
  route.fulfill({
    status: 429,
    headers: { 'Retry-After': '1' },
    contentType: 'application/problem+json',
    body: JSON.stringify({ type: 'urn:splitseem:problem:queue-full', title: 'Full', status: 429 }),
  });

describe('threads', () => {
  it('one thread without isolation, and the status says why', async () => {
    const proxy = await startPlainProxy(stage.url);
    try {
      await visit('/', proxy.url);
      await user.waitForDecoder();
      expect(await user.page.evaluate(() => crossOriginIsolated)).toBe(false);
      expect(await user.status.innerText()).toMatch(/1 thread \(page not cross-origin isolated\)/);
      await user.openSample(SAMPLE);
      expect((await user.click({ x: 0.5, y: 0.5 })).mask).not.toBeNull();
    } finally {
      await proxy.stop();
    }
  });

  it('several threads when isolated, with the same mask', async () => {
    const masks = [];
    for (const threads of [1, 2]) {
      await visit(`/?threads=${threads}`);
      await user.waitForDecoder();
      expect(await user.status.innerText()).toMatch(threads === 1 ? /1 thread/ : /2 threads/);
      await user.openSample(SAMPLE);
      masks.push((await user.click({ x: 0.5, y: 0.5 })).mask);
    }
    expect(masks[1]).toEqual(masks[0]);
  });
});

describe('files of the model', () => {
  /** Those that are asked for while the page loads. */
  async function askedFor(load: () => Promise<unknown>): Promise<string[]> {
    const asked: string[] = [];
    const note = (request: Request): void => {
      const name = /\/v1\/model\/(.+)$/.exec(request.url())?.[1];
      if (name !== undefined) asked.push(name);
    };
    user.page.on('request', note);
    await load();
    await user.waitForDecoder();
    user.page.off('request', note);
    return asked;
  }

  it('are kept by their digest, and fetched again where what is kept is damaged', async () => {
    user = await stage.newUser({});
    const browser = await user.page.context().newCDPSession(user.page);
    await browser.send('Network.setCacheDisabled', { cacheDisabled: true });
    const first = await askedFor(() => visit());
    expect(first.some((name) => name.startsWith('step.'))).toBe(true);
    expect(await askedFor(() => user.page.reload())).toEqual([]);
    await user.page.evaluate(async () => {
      const store = await caches.open('splitseem-model');
      for (const request of await store.keys()) await store.put(request, new Response('damaged'));
    });
    expect((await askedFor(() => user.page.reload())).sort()).toEqual(first.sort());
    expect(await askedFor(() => user.page.reload())).toEqual([]);
  });
});

describe('while the photo is embedded', () => {
  it('clicks are kept, shown as waiting, and answered', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await answerOnce(async (route) => {
      await gate;
      await route.continue();
    });
    await visit();
    await user.waitForDecoder();
    await user.openFile(samplePath(SAMPLE));
    await user.page.getByText(/Sending the photo|The server encodes/).waitFor();
    await user.press({ x: 0.5, y: 0.5 });
    await user.press({ x: 0.2, y: 0.2 }, 'right');
    await user.page.getByText('2 prompts are kept and will be answered.').waitFor();
    expect((await user.objects())[0]?.mask).toBeNull();

    release();
    await user.waitForAnswers(2);
    const [object] = await user.objects();
    expect(object?.prompts).toHaveLength(2);
    expect(object?.mask).not.toBeNull();
  });

  it('a busy server is asked again', async () => {
    await answerOnce(busy);
    await visit();
    await user.waitForDecoder();
    await user.openFile(samplePath(SAMPLE));
    await user.page.getByText(/The server is busy; next try in 1 s/).waitFor();
    await user.waitForEmbedding();
  });
});

describe('errors', () => {
  it.each([
    ['a broken photo', { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a photo') }],
    ['an empty file', { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) }],
    ['broken JSON', { name: 'project.json', mimeType: 'application/json', buffer: Buffer.from('{') }],
    ['another JSON', { name: 'other.json', mimeType: 'application/json', buffer: Buffer.from('[]') }],
  ])('%s is named in the status, and the work stays', async (_, file) => {
    await visit();
    await user.openSample(SAMPLE);
    const { mask } = await user.click({ x: 0.5, y: 0.5 });
    await user.openFile(file);
    await user.status.getByText(`Error: ${file.name}: `).waitFor();
    expect((await user.objects())[0]?.mask).toEqual(mask);
  });

  it('a photo that the server refuses is named, and can be tried again', async () => {
    const refusal = { type: 'urn:splitseem:problem:image-too-large', title: 'Too large', status: 413 };
    await answerOnce((route) =>
      route.fulfill({ status: 413, contentType: 'application/problem+json', body: JSON.stringify(refusal) }),
    );
    await visit();
    await user.openFile(samplePath(SAMPLE));
    await user.status.getByText(/chelsea.jpg: the photo has more pixels than this server takes/).waitFor();
    await user.press({ x: 0.5, y: 0.5 });
    await user.button('Try again').click();
    await user.waitForAnswers(1);
    expect((await user.objects())[0]?.mask).not.toBeNull();
  });

  it('a decoder that cannot be loaded is named, and can be tried again', async () => {
    // In a profile that has not kept its files.
    user = await stage.newUser({});
    await user.page.route('**/v1/model/step.*', (route) => route.fulfill({ body: 'tampered with' }), {
      times: 1,
    });
    await visit();
    await user.status.getByText(/A file of the model is not what the server announced/).waitFor();
    await user.openFile(samplePath(SAMPLE));
    await user.button('Try again').click();
    await user.waitForEmbedding();
    expect((await user.click({ x: 0.5, y: 0.5 })).mask).not.toBeNull();
  });
});

describe('what the pointer aims at', () => {
  it('on a photo with an EXIF rotation is that place of the upright photo', async () => {
    await visit();
    const turned = {
      name: 'turned.jpg',
      mimeType: 'image/jpeg',
      buffer: withOrientation(readFileSync(samplePath(SAMPLE)), 6),
    };
    await user.openFile(turned);
    await user.waitForEmbedding();
    const object = await user.click({ x: 0.25, y: 0.75 });
    expect((await user.project()).images[0]?.size_hw).toEqual([451, 300]);
    const [prompt] = object.prompts;
    if (prompt?.kind !== 'click') throw new Error('not a click');
    // A press is at a whole pixel of the screen, which shows the photo enlarged.
    expect(Math.abs(prompt.x - 75)).toBeLessThan(1);
    expect(Math.abs(prompt.y - 338.25)).toBeLessThan(1);
    expect(object.mask?.size).toEqual([451, 300]);
  });

  it('stays the same place when the photo is zoomed about it', async () => {
    await visit();
    await user.openSample(SAMPLE);
    const { x, y } = await user.toScreen({ x: 0.3, y: 0.6 });
    await user.page.mouse.move(x, y);
    await user.page.mouse.wheel(0, -600);
    await user.page
      .getByRole('group', { name: 'Zoom' })
      .getByText(/^[3-9]\d\d %$/)
      .waitFor();
    await user.page.mouse.click(x, y);
    await user.waitForAnswers(1);
    const [prompt] = (await user.objects())[0]?.prompts ?? [];
    if (prompt?.kind !== 'click') throw new Error('not a click');
    expect(Math.abs(prompt.x - 0.3 * 451)).toBeLessThan(1);
    expect(Math.abs(prompt.y - 0.6 * 300)).toBeLessThan(1);
  });
});

describe('with a finger', () => {
  it('a tap is positive, a long press negative', async () => {
    user = await stage.visit('/', { viewport: { width: 360, height: 680 }, hasTouch: true });
    await user.openSample(SAMPLE);
    const tap = await user.toScreen({ x: 0.5, y: 0.5 });
    await user.page.touchscreen.tap(tap.x, tap.y);
    await user.waitForAnswers(1);

    const { x, y } = await user.toScreen({ x: 0.2, y: 0.2 });
    const touch = await user.page.context().newCDPSession(user.page);
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
    await user.waitForAnswers(2);
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    const [object] = await user.objects();
    expect(object?.prompts.map((prompt) => ('label' in prompt ? prompt.label : null))).toEqual([1, 0]);
  });
});

describe('without a mouse', () => {
  it('arrow keys and Enter click, Shift+Enter clicks negatively', async () => {
    await visit();
    await user.openSample(SAMPLE);
    await user.canvas.focus();
    await user.page.keyboard.press('ArrowLeft');
    await user.page.keyboard.press('Enter');
    await user.waitForAnswers(1);
    for (let i = 0; i < 8; i++) await user.page.keyboard.press('ArrowUp');
    await user.page.keyboard.press('Shift+Enter');
    await user.waitForAnswers(2);
    const [object] = await user.objects();
    expect(object?.prompts).toMatchObject([
      { kind: 'click', label: 1 },
      { kind: 'click', label: 0 },
    ]);
  });
});
