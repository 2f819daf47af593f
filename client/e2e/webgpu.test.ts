/** The graphs on a GPU, with a small model; a processor that stands in for the GPU computes like one. */
import { beforeAll, expect, it } from 'vitest';
import type { CocoRle } from '../src/shared/types';
import { iou } from './masks';
import { splitseem, startServer } from './programs';
import { useStage } from './stage';

const SAMPLE = 'coffee.jpg';
const SOFTWARE_GPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

/** A software GPU compiles for half a minute, and longer beside other work. */
const PATIENCE = 240_000;

const stage = useStage({
  flags: SOFTWARE_GPU,
  serve: async ({ folder }) => {
    await splitseem('export', '--model', 'tiny', '-o', folder);
    return startServer(['--model', 'tiny', '--decoder-dir', folder, '--cache', 'memory']);
  },
});
let hasGpu: boolean;

beforeAll(async () => {
  const { page } = await stage.newUser();
  await page.goto(stage.url);
  hasGpu = await page.evaluate(async () => {
    const { gpu } = navigator as { gpu?: GPU };
    return gpu !== undefined && (await gpu.requestAdapter()) !== null;
  });
  await page.close();
});

interface Visit {
  readonly status: string;
  /** Files of the GPU's runtime that were fetched. */
  readonly fetched: readonly string[];
  readonly mask: CocoRle;
}

/** Load the page with a wish, and click once. */
async function visit(wish: string): Promise<Visit> {
  const user = await stage.newUser();
  const fetched: string[] = [];
  user.page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  user.page.setDefaultTimeout(PATIENCE);
  await user.page.goto(`${stage.url}/?provider=${wish}`);
  await user.waitForDecoder();
  const status = await user.status.innerText();
  await user.openSample(SAMPLE);
  const { mask } = await user.click({ x: 0.5, y: 0.4 });
  await user.page.close();
  if (mask === null) throw new Error('the click was not answered');
  return { status, fetched: fetched.filter((path) => /webgpu|asyncify/i.test(path)), mask };
}

it('the runtime of the GPU is fetched only when it is asked for', async () => {
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
