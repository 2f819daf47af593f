/** Another version of the page on its server, while tabs are open. */
import { expect, it, vi } from 'vitest';
import type { PageUnderTest } from '../browser';
import { startServer } from '../programs';
import { useStage } from '../stage';
import { copyOfPage, renew } from './sites';

// Several tabs load everything, each in a process of its own.
vi.setConfig({ testTimeout: 300_000 });

let page = '';

const stage = useStage({
  apart: true,
  worker: true,
  serve: ({ folder }) => {
    page = copyOfPage(folder);
    return startServer(['--cache', 'memory', '--client-dir', page]);
  },
});

const caches = (user: PageUnderTest): Promise<number> =>
  user.page.evaluate(
    async () => (await globalThis.caches.keys()).filter((name) => name.startsWith('splitseem-page')).length,
  );

const script = (user: PageUnderTest): Promise<string | undefined> =>
  user.page.evaluate(() => document.querySelector<HTMLScriptElement>('script[type=module]')?.src);

it('is offered, and open tabs of the version before go on until they are loaded again', async () => {
  const user = await stage.visit();
  await user.openSample('coffee.jpg');
  await user.click({ x: 0.5, y: 0.3 });
  await user.page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  const other = await stage.visit();
  const [before, old] = [await user.project(), await script(user)];
  await renew(page);
  await user.page.evaluate(async () => {
    await (await navigator.serviceWorker.getRegistration())?.update();
  });
  const offer = user.page.getByRole('alert').filter({ hasText: 'A new version of the page is ready' });
  await offer.waitFor();
  // What the server does not have any more is kept.
  await user.click({ x: 0.2, y: 0.8 });
  await user.button('Undo').click();
  await offer.getByRole('button', { name: 'Reload' }).click();
  await expect.poll(() => script(user).catch(() => old), { timeout: 60_000 }).not.toBe(old);
  // The script stands in the page before it has run.
  await user.waitForDecoder();
  await user.waitForAnswers(1);
  const masks = ({ images }: typeof before) => images[0]?.objects.map(({ mask }) => mask);
  expect(masks(await user.project())).toEqual(masks(before));
  expect(await offer.count()).toBe(0);

  expect(await script(other)).toBe(old);
  expect(await caches(other)).toBe(2);
  expect(await other.page.evaluate(async (url) => (await fetch(url ?? '')).status, old)).toBe(200);
  await other.openSample('rocket.jpg');
  await other.page.reload();
  await other.waitForDecoder();
  expect(await script(other)).not.toBe(old);
  await expect.poll(() => caches(other), { timeout: 30_000 }).toBe(1);
});
