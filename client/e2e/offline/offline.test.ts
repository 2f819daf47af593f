/** The page after its server has gone, and after that is back. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { samplePath, type PageUnderTest } from '../browser';
import { FirefoxUser, launchFirefox } from '../firefox';
import { freePort, startServer, type Server } from '../programs';
import { useStage } from '../stage';
import { startBelow } from './sites';

// The server is started again and again, and files are kept.
vi.setConfig({ testTimeout: 240_000 });

const SAMPLE = 'coffee.jpg';
const OTHER = 'rocket.jpg';
const NOT_ALL = 'Not all photos open offline';
const OFFLINE = 'Offline: photos opened before work; new ones wait for the server.';

let server: Server;
let port = 0;
let isRunning = false;

const stage = useStage({
  worker: true,
  breaks: true,
  serve: async () => {
    port = await freePort();
    await startAgain();
    return { url: server.url, stop };
  },
});

async function startAgain(): Promise<void> {
  if (isRunning) return;
  server = await startServer(['--cache', 'memory'], undefined, port);
  isRunning = true;
}

async function stop(): Promise<void> {
  if (isRunning) await server.stop();
  isRunning = false;
}

afterEach(startAgain);

/** Wait until all is kept that an absent server would be asked for. */
async function kept({ page, status }: PageUnderTest, embeddings: number): Promise<void> {
  await status.getByText('Saved', { exact: true }).waitFor();
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await expect.poll(() => embeddingNames(page), { timeout: 20_000 }).toHaveLength(embeddings);
}

const embeddingNames = (page: PageUnderTest['page']): Promise<IDBValidKey[]> =>
  page.evaluate(async () => {
    const opening = indexedDB.open('splitseem-embeddings');
    const database = await new Promise<IDBDatabase>((resolve) => {
      opening.onsuccess = () => resolve(opening.result);
    });
    const keys = database.transaction('bytes').objectStore('bytes').getAllKeys();
    return new Promise<IDBValidKey[]>((resolve) => {
      keys.onsuccess = () => {
        database.close();
        resolve(keys.result);
      };
    });
  });

/** Say of the one embedding that is kept that it is as large as all may be together. */
const makeNearlyFull = (page: PageUnderTest['page']): Promise<void> =>
  page.evaluate(async () => {
    const opening = indexedDB.open('splitseem-embeddings');
    const database = await new Promise<IDBDatabase>((resolve) => {
      opening.onsuccess = () => resolve(opening.result);
    });
    const entries = database.transaction('entries', 'readwrite').objectStore('entries');
    const reading = entries.openCursor();
    await new Promise<void>((resolve) => {
      reading.onsuccess = () => {
        const cursor = reading.result;
        if (cursor === null) throw new Error('no embedding is kept');
        cursor.update({ ...(cursor.value as object), bytes: 499.9e6 }).onsuccess = () => {
          database.close();
          resolve();
        };
      };
    });
  });

/** What the page asks anybody for, but whether the server is back. */
function asked({ page }: PageUnderTest): string[] {
  const paths: string[] = [];
  page.on('request', (request) => {
    const { protocol, pathname } = new URL(request.url());
    if (protocol.startsWith('http') && !pathname.endsWith('/healthz')) paths.push(pathname);
  });
  return paths;
}

const masks = async (user: PageUnderTest) =>
  (await user.project()).images.flatMap(({ objects }) => objects.map(({ mask }) => mask));

describe('without its server the page', () => {
  it('is there with photos and masks, and answers a click without any request', async () => {
    const user = await stage.visit();
    await user.openSample(SAMPLE);
    await user.click({ x: 0.5, y: 0.3 });
    await kept(user, 1);
    const before = await masks(user);
    await stop();
    await user.page.reload();
    await user.waitForAnswers(1);
    expect(await masks(user)).toEqual(before);
    await user.page.getByText(OFFLINE).waitFor();
    const paths = asked(user);
    await user.click({ x: 0.2, y: 0.8 });
    await user.exportAs('COCO');
    expect(paths).toEqual([]);
    expect(await user.page.evaluate(() => crossOriginIsolated)).toBe(true);
  });

  it('keeps a new photo until the server is back, and says so', async () => {
    const user = await stage.visit();
    await user.openSample(SAMPLE);
    await kept(user, 1);
    await stop();
    await user.page.reload();
    await user.page.getByText(OFFLINE).waitFor();
    const chooser = user.page.waitForEvent('filechooser');
    await user.button('Open image').click();
    await (await chooser).setFiles([samplePath(OTHER)]);
    await user.page.getByText('This photo waits for the server').waitFor({ timeout: 60_000 });
    expect(await user.status.getByText(/^Error/).count()).toBe(0);
    await user.press({ x: 0.5, y: 0.5 });
    await startAgain();
    await user.waitForAnswers(1);
    await user.page.getByText(OFFLINE).waitFor({ state: 'detached' });
    await kept(user, 2);
  });

  it('forgets embeddings with their photos', async () => {
    const user = await stage.visit();
    await user.openSample(SAMPLE);
    await user.openSample(OTHER);
    await kept(user, 2);
    await user.button(`Close ${OTHER}`).click();
    await kept(user, 1);
    await user.button(`Close ${SAMPLE}`).click();
    await expect.poll(() => embeddingNames(user.page)).toEqual([]);
  });
});

it('of more embeddings than are kept those used longest ago go, and the page says so', async () => {
  const user = await stage.visit();
  await user.openSample(SAMPLE);
  await kept(user, 1);
  const names = await embeddingNames(user.page);
  await makeNearlyFull(user.page);
  expect(await user.status.getByText(NOT_ALL).count()).toBe(0);
  await user.openSample(OTHER);
  await user.status.getByText(NOT_ALL).waitFor();
  const now = await embeddingNames(user.page);
  expect(now).toHaveLength(1);
  expect(now).not.toEqual(names);
  await user.click({ x: 0.5, y: 0.5 });
  await kept(user, 1);
  await stop();
  await user.page.reload();
  await user.waitForAnswers(1);
  await user.click({ x: 0.2, y: 0.8 });
});

it('the page is kept once the network is back that went while it was loaded', async () => {
  const user = await stage.newUser({});
  const context = user.page.context();
  await user.page.goto(stage.url);
  await user.waitForDecoder();
  await context.setOffline(true);
  await user.page.getByText(OFFLINE).waitFor();
  const isKept = (): Promise<boolean> =>
    user.page.evaluate(async () => (await navigator.serviceWorker.getRegistration()) !== undefined);
  // The worker's file is asked for five seconds after the decoder is there.
  await user.page.waitForTimeout(8000);
  expect(await isKept()).toBe(false);
  await context.setOffline(false);
  await expect.poll(isKept, { timeout: 20_000 }).toBe(true);
});

it('in Firefox, too, the page is there and answers without its server', async () => {
  const firefox = await launchFirefox();
  try {
    const user = new FirefoxUser(await firefox.newPage());
    await user.page.setViewport({ width: 1280, height: 800 });
    await user.page.goto(stage.url);
    await user.open(samplePath(SAMPLE));
    await user.press({ x: 0.5, y: 0.3 });
    await user.untilAnswered(1);
    await user.untilSaved();
    await user.page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    const before = await user.masks();
    await stop();
    await user.page.goto(stage.url);
    await expect.poll(() => user.masks(), { timeout: 60_000 }).toEqual(before);
    await user.press({ x: 0.2, y: 0.8 });
    await user.untilAnswered(2);
    const shown = await user.page.evaluate(() => document.body.textContent);
    expect(shown).toContain(OFFLINE);
    expect(await user.page.evaluate(() => crossOriginIsolated)).toBe(true);
  } finally {
    await firefox.close();
  }
});

it('below a path the page is there without its server, too', async () => {
  const site = stage.keep(await startBelow('/tool/', () => server.url));
  const user = await stage.newUser();
  await user.page.goto(`${site.url}/tool/`);
  await user.waitForDecoder();
  await user.openSample(SAMPLE);
  await user.click({ x: 0.5, y: 0.3 });
  await kept(user, 1);
  // The proxy answers 502 from now on.
  await stop();
  await user.page.reload();
  await user.waitForAnswers(1);
  await user.page.getByText(OFFLINE).waitFor();
  await user.click({ x: 0.2, y: 0.8 });
});

it('what is kept and damaged comes from the server', async () => {
  const user = await stage.visit();
  await user.openSample(SAMPLE);
  await user.click({ x: 0.5, y: 0.3 });
  await kept(user, 1);
  await user.page.evaluate(async () => {
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) await cache.put(request, new Response('nonsense'));
    }
  });
  await user.page.reload();
  await user.waitForAnswers(1);
  await user.click({ x: 0.2, y: 0.8 });
});

it('by ?service-worker=off nothing of the page is kept any more', async () => {
  const user = await stage.visit();
  await user.openSample(SAMPLE);
  await user.click({ x: 0.5, y: 0.3 });
  await kept(user, 1);
  await user.page.goto(`${stage.url}/?service-worker=off`);
  await user.waitForDecoder();
  const left = (): Promise<unknown> =>
    user.page.evaluate(async () => [
      (await navigator.serviceWorker.getRegistrations()).length,
      (await caches.keys()).filter((name) => name.startsWith('splitseem-page')).length,
    ]);
  await expect.poll(left, { timeout: 30_000 }).toEqual([0, 0]);
});
