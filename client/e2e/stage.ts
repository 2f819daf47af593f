/** What the tests of a file share: a server, a browser, and for every test a page of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { launchBrowser, PageUnderTest } from './browser';
import { startServer, type Running } from './programs';

export interface StageOptions {
  /** What pages come from: a server with the bundled model unless this starts another. */
  readonly serve?: (stage: Stage) => Promise<Running>;
  /** For the browser. */
  readonly flags?: readonly string[];
  /**
   * Whether every test has a browser profile and processes of its own, to measure or crash them. Otherwise all pages
   * share one process, in which one page stays open, so that WebAssembly is compiled once for all of them: two thirds of
   * what loading a page costs.
   */
  readonly apart?: boolean;
  /**
   * Whether pages have their service worker. Without it what a test says of requests holds for all of them, and pages come
   * from the server that was built last.
   */
  readonly worker?: boolean;
  /** Whether errors outside the page's own handling are what is tried. */
  readonly breaks?: boolean;
}

const VIEWPORT = { viewport: { width: 1280, height: 800 } };
const ONE_PROCESS = '--renderer-process-limit=1';

export class Stage {
  /** Emptied when the tests are over. */
  readonly folder = mkdtempSync(join(tmpdir(), 'splitseem-e2e-'));
  readonly #options: StageOptions;
  readonly #running: Pick<Running, 'stop'>[] = [];
  readonly #users: PageUnderTest[] = [];
  readonly #contexts: BrowserContext[] = [];
  #server: Running | null = null;
  #browser: Browser | null = null;
  #shared: BrowserContext | null = null;

  constructor(options: StageOptions) {
    this.#options = options;
  }

  get url(): string {
    return given(this.#server).url;
  }

  get browser(): Browser {
    return given(this.#browser);
  }

  /** Have a program stopped when the tests are over, the last one first. */
  readonly keep = <Program extends Pick<Running, 'stop'>>(program: Program): Program => {
    this.#running.push(program);
    return program;
  };

  async open(): Promise<void> {
    const { serve, flags = [], apart = false } = this.#options;
    const launching = launchBrowser(...flags, ...(apart ? [] : [ONE_PROCESS]));
    this.keep({ stop: async () => (await launching).close() });
    this.#server = this.keep(await (serve?.(this) ?? startServer(['--cache', 'memory'])));
    this.#browser = await launching;
    if (apart) return;
    this.#shared = await this.#browser.newContext({ ...VIEWPORT, ...this.#workers });
    const kept = new PageUnderTest(await this.#shared.newPage());
    await kept.page.goto(this.url);
    await kept.waitForDecoder();
  }

  async close(): Promise<void> {
    for (const program of this.#running.reverse()) await program.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** A page that has been nowhere yet; with options in a browser profile of its own. */
  async newUser(options?: BrowserContextOptions): Promise<PageUnderTest> {
    const context = options === undefined ? await this.#usual() : await this.#newContext(options);
    const user = new PageUnderTest(await context.newPage());
    // Files are fetched and kept beside what is tried.
    if (this.#options.worker === true) user.page.setDefaultTimeout(60_000);
    this.#users.push(user);
    return user;
  }

  /** A page that answers clicks as soon as there is a photo. */
  async visit(path = '/', options?: BrowserContextOptions): Promise<PageUnderTest> {
    const user = await this.newUser(options);
    await user.page.goto(new URL(path, this.url).href);
    await user.waitForDecoder();
    return user;
  }

  /** Close what a test opened, with all that pages keep in the browser. */
  async leave(): Promise<void> {
    const users = this.#users.splice(0);
    for (const context of this.#contexts.splice(0)) await context.close();
    for (const { page } of users) if (!page.isClosed()) await page.close();
    await this.#forget();
    if (this.#options.breaks === true) return;
    expect(users.flatMap(({ faults }) => faults)).toEqual([]);
  }

  /** The profile of all pages, or of those of one test. */
  async #usual(): Promise<BrowserContext> {
    return this.#shared ?? this.#contexts[0] ?? this.#newContext();
  }

  async #newContext(options?: BrowserContextOptions): Promise<BrowserContext> {
    const context = await this.browser.newContext({ ...VIEWPORT, ...this.#workers, ...options });
    this.#contexts.push(context);
    return context;
  }

  get #workers(): BrowserContextOptions {
    return { serviceWorkers: this.#options.worker === true ? 'allow' : 'block' };
  }

  async #forget(): Promise<void> {
    const page = this.#shared?.pages()[0];
    if (page === undefined) return;
    const browser = await page.context().newCDPSession(page);
    await browser.send('Storage.clearDataForOrigin', { origin: this.url, storageTypes: 'all' });
    await browser.detach();
  }
}

/** A stage for all tests of this file. */
export function useStage(options: StageOptions = {}): Stage {
  const stage = new Stage(options);
  beforeAll(() => stage.open());
  afterEach(() => stage.leave());
  afterAll(() => stage.close());
  return stage;
}

function given<Value>(value: Value | null): Value {
  if (value === null) throw new Error('the stage is not open yet');
  return value;
}
