/** Sites that the page may lie on, beside that of its own server. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort, PYTHON, REPOSITORY, run, type Running } from '../programs';

const CLIENT = join(REPOSITORY, 'client');

/** A copy of the built page that a test may change. */
export function copyOfPage(folder: string): string {
  const copy = mkdtempSync(join(folder, 'page-'));
  cpSync(join(CLIENT, 'dist'), copy, { recursive: true });
  return copy;
}

let versions = 0;

/** Make it the page of another version: all scripts have other names, and the old ones are gone. */
export async function renew(page: string): Promise<void> {
  const assets = join(page, 'assets');
  const stamp = `-${++versions}$1`;
  const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
  const renamed = new Map(scripts.map((name) => [name, name.replace(/-.(.{7}\.js)$/, stamp)]));
  for (const file of [join(page, 'index.html'), ...scripts.map((name) => join(assets, name))]) {
    let text = readFileSync(file, 'utf8');
    for (const [old, fresh] of renamed) text = text.replaceAll(old, fresh);
    writeFileSync(file, text);
  }
  for (const [old, fresh] of renamed) renameSync(join(assets, old), join(assets, fresh));
  const vite = join(CLIENT, 'node_modules/.bin/vite');
  process.env.PAGE = page;
  await run([vite, 'build', CLIENT], ['--config', join(CLIENT, 'vite.serviceWorker.config.ts')]);
  delete process.env.PAGE;
}

/** A server of files that knows nothing of headers. */
export async function startBareSite(folder: string): Promise<Running> {
  const port = await freePort();
  const child = spawn(PYTHON, ['-m', 'http.server', String(port), '--bind', '127.0.0.1', '-d', folder], {
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  while ((await fetch(url).catch(() => null)) === null) await new Promise((wait) => setTimeout(wait, 100));
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => {
          resolve();
        });
        child.kill();
      }),
  };
}

/** A proxy that shows a server below a path; what it is asked for elsewhere is not there. */
export async function startBelow(path: string, target: () => string): Promise<Running> {
  const site = createServer((incoming, outgoing) => {
    const { method = 'GET', headers, url = '/' } = incoming;
    if (!url.startsWith(path)) {
      outgoing.writeHead(404).end();
      return;
    }
    const below = new URL(url.slice(path.length - 1), target());
    const forwarded = request(below, { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => {
      if (!outgoing.headersSent) outgoing.writeHead(502).end();
      else outgoing.destroy();
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(site.address() as AddressInfo).port}`,
    stop: () => {
      site.closeAllConnections();
      return new Promise((resolve) => site.close(() => resolve()));
    },
  };
}
