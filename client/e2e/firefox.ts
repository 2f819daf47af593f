/** Firefox, which playwright-core does not drive as it is installed; puppeteer-core does. */
import { expect } from 'vitest';
import type { Project } from '../src/shared/types';
import { findProgram } from './programs';

/** What is used of puppeteer-core. */
interface Driver {
  launch(options: { browser: 'firefox'; executablePath: string; headless: boolean }): Promise<Firefox>;
}

export interface Firefox {
  newPage(): Promise<FirefoxPage>;
  close(): Promise<void>;
}

export interface FirefoxPage {
  readonly mouse: {
    click(x: number, y: number, options: { readonly button: 'left' | 'right' }): Promise<void>;
  };
  readonly keyboard: {
    down(key: string): Promise<void>;
    press(key: string): Promise<void>;
    up(key: string): Promise<void>;
  };
  setViewport(size: { readonly width: number; readonly height: number }): Promise<void>;
  goto(url: string): Promise<unknown>;
  evaluate<Args extends unknown[], Result>(
    run: (...args: Args) => Result | Promise<Result>,
    ...args: Args
  ): Promise<Result>;
  $(selector: string): Promise<{ uploadFile(...paths: string[]): Promise<void> } | null>;
}

// By a name that is not looked up when types are checked: 13 MB that only the end-to-end tests need.
const DRIVER = ['puppeteer', 'core'].join('-');

export async function launchFirefox(): Promise<Firefox> {
  const { default: driver } = (await import(/* @vite-ignore */ DRIVER)) as { default: Driver };
  const executablePath = process.env.FIREFOX ?? findProgram('firefox-esr', 'firefox');
  return driver.launch({ browser: 'firefox', executablePath, headless: true });
}

const PATIENCE = { timeout: 60_000, interval: 200 };

/** What the page offers to the console. */
interface Console {
  readonly splitseem: { project(): Project; timings(): unknown[] };
}

/** The page in Firefox, by what a user can do and see. */
export class FirefoxUser {
  readonly page: FirefoxPage;

  constructor(page: FirefoxPage) {
    this.page = page;
  }

  project(): Promise<Project> {
    return this.page.evaluate(() => (globalThis as unknown as Console).splitseem.project());
  }

  async masks() {
    return (await this.project()).images[0]?.objects.map(({ mask }) => mask) ?? [];
  }

  status(): Promise<string> {
    return this.page.evaluate(() => document.querySelector('[role=status]')?.textContent ?? '');
  }

  /** Open a photo, and wait until it is ready. */
  async open(file: string): Promise<void> {
    await (await this.page.$('input[type=file]'))?.uploadFile(file);
    await expect.poll(async () => (await this.project()).images[0]?.key ?? null, PATIENCE).not.toBeNull();
  }

  /** Press at a part of the shown photo, as `PageUnderTest.press` does. */
  async press(part: { x: number; y: number }, button: 'left' | 'right' = 'left'): Promise<void> {
    const box = await this.page.evaluate(() => {
      const { left, top, width, height } = document
        .querySelector('canvas.canvas')
        ?.getBoundingClientRect() ?? {
        ...{ left: 0, top: 0, width: 0, height: 0 },
      };
      return { left, top, width, height };
    });
    const [height = 1, width = 1] = (await this.project()).images[0]?.size_hw ?? [];
    const scale = 0.96 * Math.min(box.width / width, box.height / height);
    const x = box.left + box.width / 2 + (part.x - 0.5) * width * scale;
    const y = box.top + box.height / 2 + (part.y - 0.5) * height * scale;
    await this.page.mouse.click(x, y, { button });
  }

  /** Wait until that many prompts have the masks that stay. */
  async untilAnswered(prompts: number): Promise<void> {
    const answered = (): Promise<number> =>
      this.page.evaluate(() => (globalThis as unknown as Console).splitseem.timings().length);
    await expect.poll(answered, PATIENCE).toBe(prompts);
  }

  async untilSaved(): Promise<void> {
    await expect.poll(() => this.status(), PATIENCE).toMatch(/Saved(?! …)/);
  }
}
