/** Starts the real programs that the end-to-end tests talk to, on free ports. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server as HttpServer } from 'node:http';
import { createConnection, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
export const SPLITSEEM = process.env.SPLITSEEM ?? join(REPOSITORY, '.venv/bin/splitseem');

/** A program with the first of its arguments. */
export type Command = readonly [string, ...string[]];

export const PYTHON = join(dirname(SPLITSEEM), 'python');

/** The command line with a stand-in for the sentence encoder; it also makes a small model that takes texts. */
export const WITH_FAKE_SENTENCES: Command = [
  PYTHON,
  join(REPOSITORY, 'tests/contract/splitseem_with_fake_sentences.py'),
];

const START_MILLISECONDS = 45_000;

const WITH_NGINX = `${process.env.PATH ?? ''}:/usr/sbin`;
/** As root, nginx would give its workers to a user who may not read the folders of the tests. */
const AS_ROOT = process.getuid?.() === 0 ? ['-g', 'user root;'] : [];

/** Something that was started; `stop` may be called once. */
export interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

/** The first of the programs that lies on PATH. */
export function findProgram(...names: readonly string[]): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (found === undefined) throw new Error(`none of ${names.join(', ')} is installed: run \`make tools\``);
  return found;
}

export async function startRedis(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'splitseem-redis-'));
  const port = await freePort();
  const child = spawn(findProgram('redis-server'), ['--port', String(port), '--save', '', '--dir', folder], {
    stdio: 'ignore',
  });
  await waitFor('redis-server', child, () => canConnect(port));
  return {
    url: `redis://127.0.0.1:${port}/0`,
    stop: async () => {
      await stopChild(child);
      rmSync(folder, { recursive: true });
    },
  };
}

/** A server that can be made to stop answering for a while. */
export interface Server extends Running {
  pause(): void;
  resume(): void;
}

/** `splitseem serve` with the given options, on a free port unless one is named. */
export async function startServer(
  options: readonly string[],
  [program, ...first]: Command = [SPLITSEEM],
  wanted?: number,
): Promise<Server> {
  const port = wanted ?? (await freePort());
  const child = spawn(program, [...first, 'serve', '--port', String(port), ...options], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SPLITSEEM_LOG_LEVEL: 'error' },
  });
  const said: string[] = [];
  child.stderr.on('data', (data: Buffer) => said.push(data.toString()));
  const url = `http://127.0.0.1:${port}`;
  const isReady = async (): Promise<boolean> => {
    const response = await fetch(`${url}/readyz`).catch(() => null);
    return response?.ok === true;
  };
  await waitFor('splitseem serve', child, isReady, () => said.join(''));
  return {
    url,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    stop: () => {
      // What stands still does not end.
      child.kill('SIGCONT');
      return stopChild(child);
    },
  };
}

/** A proxy that takes the isolation headers away, as servers do that know nothing of them. */
export async function startPlainProxy(target: string): Promise<Running> {
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', headers, url = '/' } = incoming;
    const forwarded = httpRequest(new URL(url, target), { method, headers }, (response) => {
      const kept = Object.entries(response.headers).filter(([name]) => !name.startsWith('cross-origin-'));
      outgoing.writeHead(response.statusCode ?? 502, Object.fromEntries(kept));
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${portOf(server)}`, stop: () => closeServer(server) };
}

/** A proxy that notes what it is asked for. */
export interface Proxy extends Running {
  readonly paths: string[];
  /** Break off the next answer for this path after its first bytes. */
  cutOnce(path: string): void;
}

export async function startProxy(target: string): Promise<Proxy> {
  const paths: string[] = [];
  const cut = new Set<string>();
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', headers, url = '/' } = incoming;
    const path = new URL(url, target).pathname;
    paths.push(path);
    const forwarded = httpRequest(new URL(url, target), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      if (!cut.delete(path)) response.pipe(outgoing);
      else
        response.once('data', (part: Buffer) =>
          outgoing.write(part.subarray(0, 100), () => outgoing.destroy()),
        );
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    paths,
    cutOnce: (path) => cut.add(path),
    stop: () => closeServer(server),
  };
}

/** nginx as the container runs it, in front of some servers. */
export async function startNginx(servers: readonly Running[], folder: string): Promise<Running> {
  const port = await freePort();
  const child = spawn(join(REPOSITORY, 'docker/start_nginx.sh'), AS_ROOT, {
    stdio: 'ignore',
    env: {
      PATH: WITH_NGINX,
      NGINX_PORT: String(port),
      NGINX_ROOT: join(REPOSITORY, 'client/dist'),
      NGINX_UPSTREAM: servers.map(({ url }) => new URL(url).host).join(' '),
      NGINX_TEMP: join(folder, 'nginx'),
      NGINX_TRUSTED: '127.0.0.1',
    },
  });
  await waitFor('nginx', child, () => canConnect(port));
  return { url: `http://127.0.0.1:${port}`, stop: () => stopChild(child) };
}

/** The example of a proxy with TLS, docker/tls.conf, in front of another one. */
export async function startTls(behind: Running, folder: string): Promise<Running> {
  const port = await freePort();
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  await run(['openssl'], [...made, '-keyout', key, '-out', certificate]);
  const server = readFileSync(join(REPOSITORY, 'docker/tls.conf'), 'utf8')
    .replace('listen 443', `listen ${port}`)
    .replace('/etc/ssl/photos.example.org.pem', certificate)
    .replace('/etc/ssl/private/photos.example.org.key', key)
    .replaceAll('127.0.0.1:8080', new URL(behind.url).host);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, `tls-${name}`)};`)
    .join(' ');
  const file = join(folder, 'tls.conf');
  const main = `daemon off; pid ${join(folder, 'tls.pid')}; events {}`;
  writeFileSync(file, `${main} http { access_log off; ${temporary} ${server} }`);
  const child = spawn('nginx', ['-e', 'stderr', '-c', file, ...AS_ROOT], {
    stdio: 'ignore',
    env: { PATH: WITH_NGINX },
  });
  await waitFor('nginx with TLS', child, () => canConnect(port));
  return { url: `https://127.0.0.1:${port}`, stop: () => stopChild(child) };
}

/** Standard output of the command line. */
export const splitseem = (...args: readonly string[]): Promise<string> => run([SPLITSEEM], args);

/** Decoder graphs of the default model whose weights are not rounded: they give the server's masks. */
export async function exportFineDecoder(folder: string): Promise<void> {
  const python = join(dirname(SPLITSEEM), 'python');
  await run([python, '-m', 'splitseem_export', '--model', 'nano', '--precision', 'float32'], ['-o', folder]);
}

export async function run([program, ...first]: Command, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...first, ...args], { cwd: REPOSITORY });
  return stdout;
}

async function waitFor(
  name: string,
  child: ChildProcess,
  isReady: () => Promise<boolean>,
  said: () => string = () => '',
): Promise<void> {
  const deadline = Date.now() + START_MILLISECONDS;
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${said()}`);
    if (Date.now() > deadline) {
      child.kill();
      throw new Error(`${name} did not start in time: ${said()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.kill();
  });
}

function closeServer(server: HttpServer): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) =>
    server.close(() => {
      resolve();
    }),
  );
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await closeServer(server);
  return port;
}

const portOf = (server: HttpServer): number => (server.address() as AddressInfo).port;

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
