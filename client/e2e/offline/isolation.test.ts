/** The page on servers that know nothing of isolation. */
import { expect, it } from 'vitest';
import type { PageUnderTest } from '../browser';
import { startPlainProxy } from '../programs';
import { useStage } from '../stage';
import { copyOfPage, startBareSite } from './sites';

// A server of files has no model, which the page says.
const stage = useStage({ worker: true, breaks: true });

const isIsolated = ({ page }: PageUnderTest): Promise<boolean> =>
  page.evaluate(() => crossOriginIsolated).catch(() => false);

/** How often the page was loaded. */
function loads({ page }: PageUnderTest): () => number {
  let count = 0;
  page.on('framenavigated', () => count++);
  return () => count;
}

it('a server of files shows an isolated page, after one more load', async () => {
  const site = stage.keep(await startBareSite(copyOfPage(stage.folder)));
  const user = await stage.newUser();
  const count = loads(user);
  await user.page.goto(site.url);
  await expect.poll(() => isIsolated(user), { timeout: 60_000 }).toBe(true);
  expect(await user.page.evaluate(() => typeof SharedArrayBuffer)).toBe('function');
  await user.page.waitForTimeout(3000);
  expect(count()).toBe(2);
  await user.page.reload();
  expect(await isIsolated(user)).toBe(true);
});

it('no page is loaded again under the hands of somebody who works, or again and again', async () => {
  const site = stage.keep(await startPlainProxy(stage.url));
  const user = await stage.newUser();
  const count = loads(user);
  await user.page.goto(site.url);
  await user.openSample('coffee.jpg');
  await user.click({ x: 0.5, y: 0.3 });
  await user.page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await user.page.waitForTimeout(3000);
  expect([count(), await isIsolated(user)]).toEqual([1, false]);
  await user.page.reload();
  await user.waitForAnswers(1);
  expect([count(), await isIsolated(user)]).toEqual([2, true]);
  expect(await user.status.innerText()).not.toMatch(/not cross-origin isolated/);
});

it('where a page cannot be isolated it is loaded once more, not again and again', async () => {
  const site = stage.keep(await startPlainProxy(stage.url));
  const user = await stage.newUser();
  await user.page.addInitScript(() => {
    Object.defineProperty(globalThis, 'crossOriginIsolated', { value: false });
  });
  const count = loads(user);
  await user.page.goto(site.url);
  await expect.poll(count, { timeout: 60_000 }).toBe(2);
  await user.waitForDecoder();
  await user.page.waitForTimeout(3000);
  expect(count()).toBe(2);
});
