/** Drives the page as a user would: by the names that people and screen readers meet. */
import {
  chromium,
  type Browser,
  type BrowserContext,
  type Download,
  type Locator,
  type Page,
} from 'playwright-core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project, ProjectObject, StepTimings } from '../src/shared/types';
import { findProgram, REPOSITORY } from './programs';

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const withFlags = (flags: readonly string[]) => ({
  executablePath: process.env.CHROMIUM ?? findProgram('chromium', 'chromium-browser', 'google-chrome'),
  args: [...FLAGS, ...flags],
});

export const launchBrowser = (...flags: readonly string[]): Promise<Browser> =>
  chromium.launch(withFlags(flags));

/** A browser that keeps on disk, in a folder, what pages keep, as that of a user does. */
export const launchProfile = (folder: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, { ...withFlags([]), serviceWorkers: 'block' });

/** The browser logs every request that failed by itself, that for a service worker too; the page handles those. */
const FAILED_REQUESTS = ['Failed to load resource', 'An unknown error occurred when fetching the script.'];

export const samplePath = (name: string): string => join(REPOSITORY, 'client/public/samples', name);

export type Button = 'left' | 'right';

/** The page under test, by what a user can do and see. */
export class PageUnderTest {
  readonly page: Page;
  /** What went wrong outside the page's own error handling. */
  readonly faults: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('console', (message) => {
      const isOurs = !FAILED_REQUESTS.some((start) => message.text().startsWith(start));
      if (message.type() === 'error' && isOurs) this.faults.push(message.text());
    });
  }

  get canvas(): Locator {
    return this.page.getByRole('application', { name: 'Image canvas' });
  }

  get status(): Locator {
    return this.page.getByRole('status');
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** Load the page as a tab that has no work yet. */
  async startOver(): Promise<void> {
    await this.page.evaluate(() => sessionStorage.clear());
    await this.page.reload();
  }

  async waitForDecoder(): Promise<void> {
    await this.status.getByText(/^Model /).waitFor();
  }

  async openFile(file: string | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.button('Open image').click();
    await (await chooser).setFiles(file);
  }

  /** Open a bundled sample and wait until it answers clicks. */
  async openSample(file: string): Promise<void> {
    await this.openFile(samplePath(file));
    await this.waitForEmbedding();
  }

  /** Wait until the photo is shown; it need not answer yet. */
  async waitForPhoto(): Promise<void> {
    await this.page.waitForFunction(() => {
      const { splitseem } = globalThis as unknown as { splitseem: { project(): Project } };
      return splitseem.project().images.length > 0;
    });
  }

  async waitForEmbedding(): Promise<void> {
    await this.page.waitForFunction(() => {
      const { splitseem } = globalThis as unknown as { splitseem: { project(): Project } };
      return splitseem.project().images.at(-1)?.key != null;
    });
  }

  project(): Promise<Project> {
    return this.page.evaluate(() => {
      const { splitseem } = globalThis as unknown as { splitseem: { project(): Project } };
      return splitseem.project();
    });
  }

  async objects(): Promise<readonly ProjectObject[]> {
    return (await this.project()).images.at(-1)?.objects ?? [];
  }

  /** Press at a part, 0 to 1, of the photo's width and height. */
  async press(part: { x: number; y: number }, button: Button = 'left'): Promise<void> {
    const at = await this.toScreen(part);
    await this.page.mouse.click(at.x, at.y, { button });
  }

  /** A prompt by pointer, answered: waits until the object has a mask of `count` prompts. */
  async click(part: { x: number; y: number }, button: Button = 'left'): Promise<ProjectObject> {
    const before = await this.answered();
    await this.press(part, button);
    await this.waitForAnswers(before + 1);
    const objects = await this.objects();
    const last = objects.at(-1);
    if (last === undefined) throw new Error('the click made no object');
    return last;
  }

  /** How many prompts have their mask. */
  async answered(): Promise<number> {
    return (await this.timings()).length;
  }

  /** Milliseconds of the prompts that have their mask. */
  timings(): Promise<readonly StepTimings[]> {
    return this.page.evaluate(() => {
      const { splitseem } = globalThis as unknown as { splitseem: { timings(): StepTimings[] } };
      return splitseem.timings();
    });
  }

  async waitForAnswers(count: number): Promise<void> {
    await this.page.waitForFunction((wanted) => {
      const { splitseem } = globalThis as unknown as { splitseem: { timings(): unknown[] } };
      return splitseem.timings().length >= wanted;
    }, count);
  }

  /** The photo lies centred and fitted on the canvas. */
  async toScreen(part: { x: number; y: number }): Promise<{ x: number; y: number }> {
    const box = await this.canvas.boundingBox();
    const size = (await this.project()).images.at(-1)?.size_hw;
    if (box === null || size === undefined) throw new Error('no photo on the canvas');
    const [height, width] = size;
    const scale = 0.96 * Math.min(box.width / width, box.height / height);
    return {
      x: box.x + box.width / 2 + (part.x - 0.5) * width * scale,
      y: box.y + box.height / 2 + (part.y - 0.5) * height * scale,
    };
  }

  /** Save a format of the Export dialog and read what comes down. */
  async exportAs(format: string): Promise<Buffer> {
    const download = this.page.waitForEvent('download');
    await this.button('Export').click();
    const dialog = this.page.getByRole('dialog', { name: 'Export' });
    await dialog.getByRole('radio', { name: format, exact: true }).check();
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    return readDownload(await download);
  }
}

async function readDownload(download: Download): Promise<Buffer> {
  return readFileSync(await download.path());
}
