/** The graphs on a GPU, with a small model; a processor that stands in for the GPU computes like one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CocoRle } from '../src/shared/types';
import { launchBrowser, PageUnderTest } from './browser';
import { iou } from './masks';
import { splitseem, startServer, type Running } from './programs';

const SAMPLE = 'coffee.jpg';
const SOFTWARE_GPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

/** A software GPU compiles for half a minute, and longer beside other work. */
const PATIENCE = 240_000;

const running: Pick<Running, 'stop'>[] = [];
const folder = mkdtempSync(join(tmpdir(), 'splitseem-webgpu-'));
let server: Running;
let browser: Browser;
let hasGpu: boolean;

beforeAll(async () => {
  await splitseem('export', '--model', 'tiny', '-o', folder);
  server = await startServer(['--model', 'tiny', '--decoder-dir', folder, '--cache', 'memory']);
  running.push(server);
  browser = await launchBrowser(...SOFTWARE_GPU);
  running.push({ stop: () => browser.close() });
  const page = await browser.newPage();
  await page.goto(server.url);
  hasGpu = await page.evaluate(async () => {
    const { gpu } = navigator as { gpu?: GPU };
    return gpu !== undefined && (await gpu.requestAdapter()) !== null;
  });
  await page.close();
});

afterAll(async () => {
  for (const program of running.reverse()) await program.stop();
  rmSync(folder, { recursive: true });
});

interface Visit {
  readonly status: string;
  /** Files of the GPU's runtime that were fetched. */
  readonly fetched: readonly string[];
  readonly mask: CocoRle;
}

/** Load the page with a wish, and click once. */
async function visit(wish: string): Promise<Visit> {
  const user = new PageUnderTest(await browser.newPage());
  const fetched: string[] = [];
  user.page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  user.page.setDefaultTimeout(PATIENCE);
  await user.page.goto(`${server.url}/?provider=${wish}`);
  await user.waitForDecoder();
  const status = await user.status.innerText();
  await user.openSample(SAMPLE);
  const { mask } = await user.click({ x: 0.5, y: 0.4 });
  await user.page.close();
  expect(user.faults).toEqual([]);
  if (mask === null) throw new Error('the click was not answered');
  return { status, fetched: fetched.filter((path) => /webgpu|asyncify/i.test(path)), mask };
}

it('nobody fetches the runtime of the GPU unasked', async () => {
  const { status, fetched } = await visit('wasm');
  expect(status).toContain('Provider wasm');
  expect(fetched).toEqual([]);
});

it('a software GPU is not used, and the page says why', { timeout: PATIENCE }, async (context) => {
  if (!hasGpu) context.skip('this Chromium offers no WebGPU adapter');
  const { status, fetched } = await visit('webgpu');
  expect(status).toContain('Provider wasm');
  expect(status).toContain('WebGPU is not used: there is only a software GPU');
  expect(fetched.filter((path) => path.endsWith('.wasm'))).toEqual([]);
});

it(
  'all graphs run on the GPU alone, and answer as on the processor',
  { timeout: PATIENCE },
  async (context) => {
    if (!hasGpu) context.skip('this Chromium offers no WebGPU adapter');
    const [onGpu, onProcessor] = [await visit('webgpu-forced'), await visit('wasm')];
    expect(onGpu.status).toContain('Provider webgpu');
    expect(iou(onGpu.mask, onProcessor.mask)).toBeGreaterThan(0.99);
  },
);
