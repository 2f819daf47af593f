/** The page from nginx in front of three servers and a Redis, with TLS before it. */
import { expect, it } from 'vitest';
import type { PageUnderTest } from '../browser';
import { startNginx, startRedis, startServer, startTls, type Server } from '../programs';
import { useStage } from '../stage';

const servers: Server[] = [];

const stage = useStage({
  apart: true,
  serve: async ({ folder, keep }) => {
    const redis = keep(await startRedis());
    const options = ['--cache', redis.url];
    while (servers.length < 3) servers.push(keep(await startServer(options)));
    return startTls(keep(await startNginx(servers, folder)), folder);
  },
});

/** What the page asks for: path and status. */
function watched({ page }: PageUnderTest): { path: string; status: number }[] {
  const asked: { path: string; status: number }[] = [];
  page.on('response', (response) =>
    asked.push({ path: new URL(response.url()).pathname, status: response.status() }),
  );
  return asked;
}

it('works below a path and without one, isolated, and goes on with the servers that are left', async () => {
  const user = await stage.newUser({ ignoreHTTPSErrors: true });
  const asked = watched(user);
  await user.page.goto(new URL('/tool/', stage.url).href);
  await user.waitForDecoder();
  expect(await user.page.evaluate(() => crossOriginIsolated)).toBe(true);
  await user.openSample('chelsea.jpg');
  expect((await user.click({ x: 0.5, y: 0.5 })).mask).not.toBeNull();
  const sent = asked.filter(({ path }) => path.startsWith('/'));
  expect(sent.map(({ path }) => path)).toContain('/tool/v1/embed');
  expect(sent.filter(({ path }) => !path.startsWith('/tool/'))).toEqual([]);

  await servers[0]?.stop();
  await user.page.goto(new URL('/', stage.url).href);
  await user.waitForDecoder();
  await servers[1]?.stop();
  await user.openSample('coffee.jpg');
  expect((await user.click({ x: 0.5, y: 0.4 })).mask).not.toBeNull();
  expect(asked.map(({ path }) => path)).toContain('/v1/embed');
  expect(asked.filter(({ status }) => status >= 400)).toEqual([]);
});
