/**
 * The files of one build of the page, in a Cache Storage of their own. Nothing is kept whose digest is not that of the
 * build, and nothing handed out that is not what was kept; what is missing or damaged comes from the network.
 */
import { hexadecimal } from '../shared/digest';
import { pageCachesOf } from '../shared/pageVersions';

export interface PageFile {
  /** Below the page; that of the page itself is empty. */
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Kept before anybody asks for it. */
  readonly isAhead: boolean;
}

/** Say what a file was when it was kept. */
const DIGEST_HEADER = 'X-Splitseem-Sha256';
const LENGTH_HEADER = 'Content-Length';
/** Bytes of a file whose digest takes time that users notice: of a larger one, once it is kept, only the length is. */
const MOST_DIGESTED = 1e6;
/** Of what the server says of a file, what matters to who reads it later. */
const KEPT_HEADERS = [
  'Content-Type',
  'Content-Security-Policy',
  'Cross-Origin-Embedder-Policy',
  'Cross-Origin-Opener-Policy',
  'Cross-Origin-Resource-Policy',
  'Permissions-Policy',
  'Referrer-Policy',
  'X-Content-Type-Options',
];

export class PageFiles {
  readonly #scope: string;
  readonly #files: ReadonlyMap<string, PageFile>;
  /** Of all versions of this page, but of no other page of the origin. */
  readonly #prefix: string;
  readonly #name: string;

  constructor(scope: string, version: string, files: readonly PageFile[]) {
    this.#scope = scope;
    this.#files = new Map(files.map((file) => [scope + file.path, file]));
    this.#prefix = pageCachesOf(scope);
    this.#name = this.#prefix + version;
  }

  has(url: string): boolean {
    return this.#files.has(url);
  }

  /** Whether a file is kept once it was used. */
  isLater(url: string): boolean {
    return this.#files.get(url)?.isAhead === false;
  }

  /** Keep what is to be there ahead. Rejects when a file is not what it was built as; what came until then stays. */
  async fill(): Promise<void> {
    const cache = await caches.open(this.#name);
    const older = await this.#older();
    for (const [url, file] of this.#files) {
      if (!file.isAhead || (await good(cache, url, file.sha256)) !== null) continue;
      const known = await firstOf(older, (one) => good(one, url, file.sha256));
      await cache.put(url, known ?? (await fetched(url, file)));
    }
  }

  /** A file of this version, or one that only an older version has, for a page that still runs; null: not kept. */
  async find(url: string): Promise<Response | null> {
    try {
      const file = this.#files.get(url);
      const current = await good(await caches.open(this.#name), url, file?.sha256 ?? null);
      if (current !== null || file !== undefined) return current;
      return await firstOf(await this.#older(), (one) => good(one, url, null));
    } catch {
      return null; // Without storage there is the network.
    }
  }

  /** Keep what was asked for and fetched, if it is a file of this version. */
  async keep(url: string, response: Response): Promise<void> {
    const file = this.#files.get(url);
    const cache = await caches.open(this.#name);
    if (file === undefined || !response.ok || (await good(cache, url, file.sha256)) !== null) return;
    const kept = await checked(response, file.sha256);
    if (kept !== null) await cache.put(url, kept);
  }

  /** Let go of other versions, but for those of which a page still runs; args: the scripts of pages that run. */
  async letGo(running: readonly string[]): Promise<void> {
    const old = running.filter((script) => script.startsWith(this.#scope) && !this.#files.has(script));
    for (const name of await this.#olderNames()) {
      const cache = await caches.open(name);
      const needed = await firstOf(old, async (script) => (await cache.match(script)) ?? null);
      if (needed === null) await caches.delete(name);
    }
  }

  async #older(): Promise<readonly Cache[]> {
    return Promise.all((await this.#olderNames()).map((name) => caches.open(name)));
  }

  async #olderNames(): Promise<readonly string[]> {
    const names = await caches.keys();
    return names.filter((name) => name.startsWith(this.#prefix) && name !== this.#name);
  }
}

/** From the network, past what the browser holds on the way if that is wrong. */
async function fetched(url: string, { path, sha256 }: PageFile): Promise<Response> {
  // The names of assets change with their content.
  for (const cache of [path.startsWith('assets/') ? 'default' : 'no-cache', 'reload'] as const) {
    const response = await fetch(url, { cache, credentials: 'same-origin' });
    const kept = response.ok ? await checked(response, sha256) : null;
    if (kept !== null) return kept;
  }
  throw new Error(`${url} is not the file of this version of the page`);
}

/** What is kept, if its bytes are what they were, and are the wanted ones. */
async function good(cache: Cache, url: string, sha256: string | null): Promise<Response | null> {
  const kept = await cache.match(url);
  const digest = kept?.headers.get(DIGEST_HEADER);
  if (!kept || !digest || digest !== (sha256 ?? digest)) return null;
  const length = Number(kept.headers.get(LENGTH_HEADER));
  if (length <= MOST_DIGESTED) return checked(kept, digest);
  const blob = await kept.blob();
  return blob.size === length ? new Response(blob, { headers: kept.headers }) : null;
}

/** The answer with its own headers only, if its bytes have that digest. */
async function checked(response: Response, sha256: string): Promise<Response | null> {
  const bytes = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  if (hexadecimal(digest) !== sha256) return null;
  const headers = new Headers({ [LENGTH_HEADER]: String(bytes.byteLength), [DIGEST_HEADER]: sha256 });
  for (const name of KEPT_HEADERS) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(bytes, { headers });
}

/** The first result that is one. */
async function firstOf<Item, Found>(
  items: readonly Item[],
  find: (item: Item) => Promise<Found | null>,
): Promise<Found | null> {
  for (const item of items) {
    const found = await find(item);
    if (found !== null) return found;
  }
  return null;
}
