/** Firefox, which playwright-core does not drive as it is installed; puppeteer-core does. */
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
