/** What the random user acts on: one page in Chromium, the server behind it, and the files at hand. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContext, CDPSession } from 'playwright-core';
import { launchBrowser, PageUnderTest } from '../e2e/browser';
import {
  exportFineDecoder,
  freePort,
  startRedis,
  startServer,
  type Running,
  type Server,
} from '../e2e/programs';
import type { Project } from '../src/shared/types';
import { brokenFiles, photoFiles, type FileToOpen } from './photos';

/** A place on the screen, CSS pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** What the page shows, as text and numbers. */
export interface Shown {
  /** Every text outside of lists of names. */
  readonly words: string;
  readonly status: string;
  /** Rows of the list of objects: their number, and whether they have prompts. */
  readonly objects: readonly { readonly number: number; readonly hasPrompts: boolean }[];
  /** Numbers of the objects that project() has of the photo in front. */
  readonly inProject: readonly number[];
  readonly photos: number;
  /** What is still being waited for, in the page's words. */
  readonly waiting: readonly string[];
}

const VIEWPORT = { width: 1280, height: 800 };

type ServerState = 'up' | 'starting' | 'down';

interface Props {
  readonly browser: Browser;
  readonly redis: Running;
  readonly port: number;
  readonly photos: readonly FileToOpen[];
  readonly decoder: string;
}

/** The programs and files that all runs of a test share. */
export class Stage {
  readonly browser: Browser;
  readonly photos: readonly FileToOpen[];
  readonly broken: readonly FileToOpen[];
  readonly url: string;
  readonly #redis: Running;
  readonly #port: number;
  /** Folder of the decoder graphs. */
  readonly #decoder: string;
  #server: Server | null = null;
  #state: ServerState = 'down';
  #starting: Promise<void> = Promise.resolve();

  private constructor({ browser, redis, port, photos, decoder }: Props) {
    this.browser = browser;
    this.photos = photos;
    this.broken = brokenFiles(photos);
    this.url = `http://127.0.0.1:${port}`;
    this.#redis = redis;
    this.#port = port;
    this.#decoder = decoder;
  }

  static async open(): Promise<Stage> {
    const browser = await launchBrowser();
    const drawing = await browser.newPage();
    const photos = await photoFiles(drawing);
    await drawing.close();
    const decoder = join(mkdtempSync(join(tmpdir(), 'splitseem-fuzz-')), 'decoder');
    await exportFineDecoder(decoder);
    const stage = new Stage({ browser, redis: await startRedis(), port: await freePort(), photos, decoder });
    await stage.bringServer();
    return stage;
  }

  get server(): ServerState {
    return this.#state;
  }

  /** Does not wait; while the server starts, the page finds no server. */
  startServer(): void {
    this.#state = 'starting';
    this.#starting = startServer(
      ['--cache', this.#redis.url, '--decoder-dir', this.#decoder],
      undefined,
      this.#port,
    ).then(
      (server) => {
        this.#server = server;
        this.#state = 'up';
      },
      (thrown: unknown) => {
        this.#state = 'down';
        throw thrown;
      },
    );
    // All that wait for the server hear of it.
    this.#starting.catch(() => undefined);
  }

  /** Start the server unless it runs, and wait for it. */
  async bringServer(): Promise<void> {
    if (this.#state === 'down') this.startServer();
    await this.#starting;
  }

  async stopServer(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#state = 'down';
    await server?.stop();
  }

  pauseServer(): void {
    this.#server?.pause();
  }

  resumeServer(): void {
    this.#server?.resume();
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.#starting.catch(() => undefined);
    await this.stopServer();
    await this.#redis.stop();
    rmSync(dirname(this.#decoder), { recursive: true });
  }
}

/** One visit of the user. */
export class World {
  readonly stage: Stage;
  readonly user: PageUnderTest;
  readonly #context: BrowserContext;
  readonly #cdp: CDPSession;
  /** Mouse button that is held. */
  held: 'left' | 'right' | 'middle' | null = null;
  isOffline = false;
  /** Files that Export gave and Open may take. */
  readonly savedProjects: FileToOpen[] = [];
  /** What the actions saw go wrong. */
  readonly complaints: string[] = [];
  /** How often each rare thing was compared, to see that a run was worth something. */
  readonly counts = new Map<string, number>();
  readonly figures = new Map<string, number>();
  /** Where the time went: seconds of each action and each invariant. */
  readonly seconds = new Map<string, number>();

  private constructor(stage: Stage, context: BrowserContext, user: PageUnderTest, cdp: CDPSession) {
    this.stage = stage;
    this.#context = context;
    this.user = user;
    this.#cdp = cdp;
  }

  static async visit(stage: Stage): Promise<World> {
    await stage.bringServer();
    const context = await stage.browser.newContext({ viewport: VIEWPORT, acceptDownloads: true });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const user = new PageUnderTest(page);
    const world = new World(stage, context, user, await context.newCDPSession(page));
    page.on('dialog', (dialog) => void dialog.accept().catch(() => undefined));
    page.on('response', (response) => {
      const isOurFault = response.status() >= 500 && response.status() !== 503;
      if (isOurFault) world.complaints.push(`${response.url()} answered ${response.status()}`);
    });
    // On a busy machine, too, the browser decodes: masks of the server have no edges of the photo.
    await page.goto(`${stage.url}/?provider=wasm`);
    await user.waitForDecoder();
    return world;
  }

  get page() {
    return this.user.page;
  }

  /** Remember the largest of a figure. */
  note(what: string, value: number): void {
    this.figures.set(what, Math.max(value, this.figures.get(what) ?? 0));
  }

  /** Do some work, and add its time to where the time went. */
  async timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const done = await work();
    const seconds = (performance.now() - started) / 1000;
    this.seconds.set(what, seconds + (this.seconds.get(what) ?? 0));
    return done;
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  async setOffline(isOffline: boolean): Promise<void> {
    await this.#context.setOffline(isOffline);
    this.isOffline = isOffline;
  }

  /**
   * Where an element that can be pressed lies; null when there is none. `part`, 0 to 1, chooses among several.
   *
   * Elements that are disabled, hidden, covered or out of the window do not count: a user could not press them.
   */
  place(selector: string, part = 0): Promise<(Place & { readonly name: string }) | null> {
    return this.page.evaluate(
      ([wanted, fraction]) => {
        const found = [...document.querySelectorAll<HTMLElement>(wanted)].filter(
          (element) => !element.matches(':disabled') && element.getClientRects().length > 0,
        );
        const element = found[Math.floor(fraction * found.length)];
        if (element === undefined) return null;
        element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
        const { left, top, width, height } = element.getBoundingClientRect();
        const [x, y] = [left + width / 2, top + height / 2];
        const hit = document.elementFromPoint(x, y);
        if (hit === null || !(element.contains(hit) || hit.contains(element))) return null;
        return { x, y, name: element.getAttribute('aria-label') ?? element.innerText };
      },
      [selector, part] as const,
    );
  }

  /** Press an element as `place` finds it; its name, or null. */
  async press(selector: string, part = 0): Promise<string | null> {
    const found = await this.place(selector, part);
    if (found === null) return null;
    await this.page.mouse.click(found.x, found.y);
    return found.name;
  }

  /** A position of the canvas, by parts of its width and height. */
  async onCanvas(part: Place): Promise<Place> {
    const { x, y, width, height } = await this.page.evaluate(() => {
      const { x, y, width, height } = (
        document.querySelector('canvas[role=application]') ?? document.body
      ).getBoundingClientRect();
      return { x, y, width, height };
    });
    return { x: x + part.x * width, y: y + part.y * height };
  }

  /** Wait until the page has drawn what was done last. */
  drawn(): Promise<void> {
    return this.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          requestAnimationFrame(() => {
            setTimeout(() => {
              requestAnimationFrame(() => resolve());
            });
          });
        }),
    );
  }

  project(): Promise<Project> {
    return this.user.project();
  }

  shown(): Promise<Shown> {
    return this.page.evaluate(() => {
      const isSeen = (element: Element): boolean => element.getClientRects().length > 0;
      const texts = (selector: string): string[] =>
        [...document.querySelectorAll<HTMLElement>(selector)].filter(isSeen).map((found) => found.innerText);
      const status = texts('[role=status]').join(' ');
      const rows = [...document.querySelectorAll<HTMLElement>('[aria-label="Objects"] > li')];
      const hasFailed = texts('.progress.failed').length > 0;
      // A draft is no mask yet: the page replaces it as soon as the photo is whole.
      const isWaiting = (text: string): boolean => /· (waiting|draft)(?: ·|$)/.test(text);
      const bars = [...document.querySelectorAll('progress')].filter(isSeen);
      const { splitseem } = globalThis as unknown as { splitseem: { project(): Project } };
      const front = [...document.querySelectorAll('[aria-label="Photos"] > li')].findIndex(
        (row) => row.querySelector('[aria-current=true]') !== null,
      );
      return {
        inProject: splitseem.project().images[front]?.objects.map(({ number }) => number ?? 0) ?? [],
        words: document.body.innerText,
        status,
        objects: rows.map((row) => ({
          number: Number(row.querySelector('.swatch')?.textContent),
          hasPrompts: !row.innerText.includes('no prompt yet'),
        })),
        photos: document.querySelectorAll('[aria-label="Photos"] > li').length,
        waiting: [
          ...bars.map((bar) => bar.getAttribute('aria-label') ?? 'a progress bar'),
          // Of a photo that cannot be had, prompts wait until the user tries again.
          ...(hasFailed ? [] : texts('[aria-label="Objects"] small').filter(isWaiting)),
          ...(status.includes('…') ? [status] : []),
        ],
      };
    });
  }

  /** Let go of mouse and dialogs, be in reach of the server, and have a window of the usual size. */
  async calmDown(): Promise<void> {
    const { stage, page } = this;
    await page.setViewportSize(VIEWPORT);
    if (this.held !== null) await page.mouse.up({ button: this.held });
    this.held = null;
    if (this.isOffline) await this.setOffline(false);
    stage.resumeServer();
    await stage.bringServer();
    for (let k = 0; k < 3; k++) await page.keyboard.press('Escape');
    await page.evaluate(() => {
      for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    });
  }

  /** Megabytes in use after a collection of garbage: the page's JavaScript, and the whole renderer. */
  async memory(): Promise<{ readonly heap: number; readonly renderer: number }> {
    await this.#cdp.send('HeapProfiler.collectGarbage');
    const { usedSize } = await this.#cdp.send('Runtime.getHeapUsage');
    const session = await this.stage.browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    const sizes = processInfo
      .filter(({ type }) => type === 'renderer')
      .map(({ id }) => residentMegabytes(id));
    return { heap: usedSize / 1e6, renderer: Math.max(0, ...sizes) };
  }

  async leave(): Promise<void> {
    this.stage.resumeServer();
    await this.#context.close();
    await this.stage.bringServer();
  }
}

function residentMegabytes(process: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${process}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) / 1000;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}
