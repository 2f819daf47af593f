/** A server of files, as every web server is: from any page's scripts they may be read. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { REPOSITORY, type Running } from '../programs';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.jpg': 'image/jpeg',
};

/** Pages that are not files, by their path. */
export type Pages = Readonly<Record<string, string>>;

export interface Files extends Running {
  /** What was asked for. */
  readonly paths: string[];
}

/** The files of this repository, and other pages. */
export async function startFiles(pages: () => Pages = () => ({}), root = REPOSITORY): Promise<Files> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://here');
    paths.push(pathname);
    const page = pages()[pathname];
    const content = page === undefined ? readFile(join(root, pathname)) : Promise.resolve(page);
    const type = page === undefined ? TYPES[extname(pathname)] : 'text/html';
    const headers = {
      'Content-Type': type ?? 'application/octet-stream',
      'Access-Control-Allow-Origin': '*',
    };
    content.then(
      (body) => response.writeHead(200, headers).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    paths,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
