/** The page inside pages of other sites: a plain one, and one that is isolated. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Project } from '../../src/shared/types';
import { startServer, type Running } from '../programs';
import { useStage } from '../stage';

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

// Chromium says of frames of other sites that no field of theirs gets the focus by itself.
const stage = useStage({
  breaks: true,
  serve: async () => {
    process.env.SPLITSEEM_RESOURCE_POLICY = 'cross-origin';
    const server = await startServer(['--cache', 'memory']);
    delete process.env.SPLITSEEM_RESOURCE_POLICY;
    return server;
  },
});

let other: Running;

beforeAll(async () => {
  const site = createServer(({ url }, response) => {
    const frame = `<iframe src="${stage.url}" width="1200" height="760" allow="cross-origin-isolated"></iframe>`;
    response.writeHead(200, { 'Content-Type': 'text/html', ...(url === '/isolated' ? ISOLATED : {}) });
    response.end(`<!doctype html><html lang="en"><title>Another site</title>${frame}</html>`);
  });
  await new Promise<void>((resolve) => site.listen(0, 'localhost', resolve));
  const { port } = site.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    site.closeAllConnections();
    await new Promise((resolve) => site.close(resolve));
  };
  other = { url: `http://localhost:${port}`, stop };
});

afterAll(() => other.stop());

it.each(['plain', 'isolated'])('in a frame of a site that is %s a click gives a mask', async (path) => {
  const { page } = await stage.newUser({});
  await page.goto(`${other.url}/${path}`);
  const frame = page.frameLocator('iframe');
  await frame.getByRole('button', { name: 'Open sample coffee' }).click();
  const canvas = frame.getByRole('application', { name: 'Image canvas' });
  const inside = page.frames().find((one) => one.url().startsWith(stage.url));
  const project = async (): Promise<Project | undefined> =>
    inside?.evaluate(() =>
      (globalThis as unknown as { splitseem: { project(): Project } }).splitseem.project(),
    );
  await expect
    .poll(async () => (await project())?.images[0]?.key ?? null, { timeout: 60_000 })
    .not.toBeNull();
  await canvas.click();
  await expect
    .poll(async () => (await project())?.images[0]?.objects[0]?.mask ?? null, { timeout: 60_000 })
    .not.toBeNull();
});
