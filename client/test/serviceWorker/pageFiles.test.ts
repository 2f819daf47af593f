import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PageFiles, type PageFile } from '../../src/serviceWorker/pageFiles';

const SCOPE = 'https://photos.example/tool/';
const SCRIPT = `${SCOPE}assets/index-1.js`;

/** A Cache Storage in memory. */
class Shelves {
  readonly shelves = new Map<string, Map<string, Response>>();

  open(name: string) {
    const shelf = this.shelves.get(name) ?? new Map<string, Response>();
    this.shelves.set(name, shelf);
    return Promise.resolve({
      match: (url: string) => Promise.resolve(shelf.get(url)?.clone()),
      put: (url: string, response: Response) => Promise.resolve(shelf.set(url, response)),
    });
  }
  keys(): Promise<string[]> {
    return Promise.resolve([...this.shelves.keys()]);
  }
  delete(name: string): Promise<boolean> {
    return Promise.resolve(this.shelves.delete(name));
  }
}

let shelves: Shelves;
let served: Record<string, string>;
let asked: string[];

beforeEach(() => {
  shelves = new Shelves();
  served = { [SCOPE]: 'page', [SCRIPT]: 'script' };
  asked = [];
  vi.stubGlobal('caches', shelves);
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(url);
    const body = served[url];
    return Promise.resolve(new Response(body ?? '', { status: body === undefined ? 404 : 200 }));
  });
});

afterEach(() => vi.unstubAllGlobals());

const file = (path: string, content: string, isAhead = true): PageFile => ({
  path,
  isAhead,
  sha256: createHash('sha256').update(content).digest('hex'),
});

const build = (version: string, ...files: PageFile[]): PageFiles => new PageFiles(SCOPE, version, files);
const first = (): PageFiles => build('v1', file('', 'page'), file('assets/index-1.js', 'script'));

const text = async (files: PageFiles, url: string): Promise<string | undefined> =>
  (await files.find(url))?.text();

describe('files of the page', () => {
  it('are kept ahead, and found without a network', async () => {
    await first().fill();
    served = {};
    expect([await text(first(), SCOPE), await text(first(), SCRIPT)]).toEqual(['page', 'script']);
  });

  it('are not kept when the server sends others, and what came is not asked for again', async () => {
    served[SCRIPT] = 'of another build';
    await expect(first().fill()).rejects.toThrow('is not the file of this version');
    expect(await text(first(), SCRIPT)).toBeUndefined();
    served[SCRIPT] = 'script';
    asked = [];
    await first().fill();
    expect(asked).toEqual([SCRIPT]);
  });

  it.each([
    ['damaged', () => new Response('nonsense')],
    ['cut short', (kept: Response) => new Response('scr', { headers: kept.headers })],
  ])('that are %s count as missing, and are kept again', async (_, spoil) => {
    await first().fill();
    const shelf = [...shelves.shelves.values()][0];
    const kept = shelf?.get(SCRIPT);
    if (shelf && kept) shelf.set(SCRIPT, spoil(kept));
    expect(await text(first(), SCRIPT)).toBeUndefined();
    await first().keep(SCRIPT, new Response('script'));
    expect(await text(first(), SCRIPT)).toBe('script');
  });

  it('that are large are kept once they were used', async () => {
    const files = build('v1', file('assets/large.wasm', 'large', false));
    await files.fill();
    expect(asked).toEqual([]);
    await files.keep(`${SCOPE}assets/large.wasm`, new Response('something else'));
    expect(await text(files, `${SCOPE}assets/large.wasm`)).toBeUndefined();
    await files.keep(`${SCOPE}assets/large.wasm`, new Response('large'));
    expect(await text(files, `${SCOPE}assets/large.wasm`)).toBe('large');
  });

  it('come from the network where the browser keeps nothing', async () => {
    vi.stubGlobal('caches', { open: () => Promise.reject(new Error('private window')) });
    expect(await first().find(SCRIPT)).toBeNull();
  });
});

describe('another version', () => {
  const second = (): PageFiles => build('v2', file('', 'new page'), file('assets/index-2.js', 'new script'));

  beforeEach(async () => {
    await first().fill();
    served = { [SCOPE]: 'new page', [`${SCOPE}assets/index-2.js`]: 'new script' };
    await second().fill();
  });

  it('has its own page, and the scripts of the version before while a page of that runs', async () => {
    await second().letGo([SCRIPT]);
    expect([await text(second(), SCOPE), await text(second(), SCRIPT)]).toEqual(['new page', 'script']);
    await second().letGo([`${SCOPE}assets/index-2.js`, 'https://photos.example/other/index-9.js']);
    expect(await text(second(), SCRIPT)).toBeUndefined();
    expect(await text(second(), SCOPE)).toBe('new page');
  });

  it('leaves alone what other pages and other parts of this one keep', async () => {
    await shelves.open('splitseem-model');
    await shelves.open('splitseem-page https://photos.example/ v1');
    await second().letGo([]);
    expect([...shelves.shelves.keys()]).toEqual([
      `splitseem-page ${SCOPE} v2`,
      'splitseem-model',
      'splitseem-page https://photos.example/ v1',
    ]);
  });

  it('takes over files that have not changed', async () => {
    asked = [];
    await build('v3', file('assets/index-2.js', 'new script')).fill();
    expect(asked).toEqual([]);
  });
});
