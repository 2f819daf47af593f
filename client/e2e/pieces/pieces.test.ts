/** The package for other pages: its example, its element, and the ways in which its files may lie. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { expect, it } from 'vitest';
import type { CanvasEvents } from '../../src/pieces/element';
import type { CocoRle } from '../../src/shared/types';
import { seriousFindings } from '../axe';
import { iou } from '../masks';
import { REPOSITORY, SPLITSEEM, startServer } from '../programs';
import { useStage } from '../stage';
import { startFiles, type Files, type Pages } from './files';

const PACKAGE = '/client/package/dist';
const README = readFileSync(join(REPOSITORY, 'client/package/README.md'), 'utf8');
const PHOTO = '/client/public/samples/astronaut.jpg';

/** The server's masks have not the edges of the photo; `path.test.ts` compares with more care. */
const LEAST_IOU = 0.95;

let pages: Pages = {};
let elsewhere: Files;
let server = '';

const stage = useStage({
  apart: true,
  serve: async ({ keep }) => {
    const allowing = ['env', 'SPLITSEEM_CORS_ORIGINS=*', SPLITSEEM] as const;
    server = keep(await startServer(['--cache', 'memory'], allowing)).url;
    elsewhere = keep(await startFiles());
    return keep(await startFiles(() => pages));
  },
});

const block = (language: string): string => {
  const [, text = ''] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(README) ?? [];
  return text.replace('http://127.0.0.1:8000', server).replace('photo.jpg', PHOTO);
};

/** A page with a module whose imports of the package lead to `from`; what it says. */
async function infoOf(script: string, from: string): Promise<readonly unknown[]> {
  const imports = { imports: { '@splitseem/client': `${from}/index.js` } };
  const map = `<script type="importmap">${JSON.stringify(imports)}</script>`;
  pages = { '/page.html': `<!doctype html>${map}<script type="module">${script}</script>` };
  const { page } = await stage.newUser();
  return firstInfo(page, '/page.html');
}

async function firstInfo(page: Page, path: string): Promise<readonly unknown[]> {
  const said = page.waitForEvent('console', (message) => message.type() === 'info');
  await page.goto(new URL(path, stage.url).href);
  return Promise.all((await said).args().map((value) => value.jsonValue() as Promise<unknown>));
}

it('runs the example of its README, with the mask that the server decodes', async () => {
  const script = `${block('js')}\nconsole.info(image.key, image.objects[0].prompts, before.mask, image.objects.length);`;
  const [key, prompts, mask, objects] = await infoOf(script, PACKAGE);
  expect(objects).toBe(2);
  const body = JSON.stringify({ key, prompts });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(`${server}/v1/decode`, { method: 'POST', body, headers });
  const decoded = (await answer.json()) as { objects: [{ mask: CocoRle }] };
  expect(iou(mask as CocoRle, decoded.objects[0].mask)).toBeGreaterThanOrEqual(LEAST_IOU);
});

it('works from another origin, and takes pixels, strokes and words of its errors', async () => {
  const script = `
    import { connect, bitmapOf, Failure } from '@splitseem/client';
    const splitseem = await connect('${server}');
    const image = await splitseem.image(new ImageData(new Uint8ClampedArray(4 * 90 * 60).fill(255), 90, 60));
    const stroke = { kind: 'scribble', points_xy: [[20, 20], [60, 30]], label: 1 };
    const corners = { kind: 'polygon', points_xy: [[10, 10], [70, 10], [40, 50]] };
    const found = await image.prompt([stroke, corners]);
    const error = await image.click(500, 20).catch((error) => error);
    const { width, data } = bitmapOf(found.mask, [255, 0, 0, 255]);
    const red = data.reduce((sum, value, index) => sum + (index % 4 === 0 && value > 0 ? 1 : 0), 0);
    console.info(splitseem.info.provider, width, red === found.area, error instanceof Failure, error.detail.kind,
      image.objects[0].prompts.length);`;
  const said = await infoOf(script, `${elsewhere.url}${PACKAGE}`);
  expect(said).toEqual(['wasm', 90, true, true, 'prompt', 2]);
  expect(elsewhere.paths).toContain(`${PACKAGE}/worker.js`);
});

it('is taken by a bundler, worker and WebAssembly with it', async () => {
  const root = join(stage.folder, 'app');
  await mkdir(root, { recursive: true });
  const imported = JSON.stringify(join(REPOSITORY, 'client/package/dist/index.js'));
  const script = `import { connect } from ${imported};
    const image = await (await connect('${server}')).image('${stage.url}${PHOTO}');
    console.info((await image.click(220, 120)).area > 0);`;
  await writeFile(join(root, 'main.js'), script);
  await writeFile(join(root, 'index.html'), '<!doctype html><script type="module" src="main.js"></script>');
  const ours = { target: 'es2022', minify: false } as const;
  await build({ root, configFile: false, logLevel: 'error', build: ours, worker: { format: 'es' } });
  const bundled = stage.keep(await startFiles(undefined, join(root, 'dist')));
  const { page } = await stage.newUser();
  expect(await firstInfo(page, `${bundled.url}/index.html`)).toEqual([true]);
  expect(bundled.paths.some((path) => path.endsWith('.wasm'))).toBe(true);
});

it('marks objects in an element, by mouse and by keys', async () => {
  const example = readFileSync(join(REPOSITORY, 'examples/canvas.html'), 'utf8');
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(20);
  pages = { '/examples/canvas.html': example.replace('http://127.0.0.1:8000', server) };
  const { page } = await stage.newUser();
  await page.goto(new URL('/examples/canvas.html', stage.url).href);
  const status = page.getByRole('status');
  await status.getByText('Click on an object').waitFor();
  const canvas = page.getByRole('application', { name: 'Image canvas' });
  const box = await canvas.boundingBox();
  if (box === null) throw new Error('no canvas');
  const at = (x: number, y: number) => ({ position: { x: x * box.width, y: y * box.height } });
  const mask = () => page.evaluate(() => document.querySelector('splitseem-canvas')?.found?.mask);
  await canvas.click(at(0.5, 0.5));
  await status.getByText('pixels').waitFor();
  const first = await mask();
  const said = await status.textContent();
  await canvas.click({ ...at(0.35, 0.2), button: 'right' });
  await expect.poll(() => status.textContent()).not.toBe(said);
  await canvas.press('Backspace');
  await expect.poll(mask).toEqual(first);
  await page.getByRole('button', { name: 'Another object' }).click();
  await canvas.focus();
  await canvas.press('Enter');
  await canvas.press('ArrowDown');
  await canvas.press('Enter');
  const objects = page.getByRole('list', { name: 'Objects' }).getByRole('listitem');
  await expect.poll(() => objects.count()).toBe(2);
  await page.mouse.move(box.x + 0.4 * box.width, box.y + 0.2 * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.6 * box.width, box.y + 0.8 * box.height);
  await page.mouse.up();
  const kinds = () =>
    page.evaluate(() =>
      document.querySelector('splitseem-canvas')?.objects[1]?.prompts.map(({ kind }) => kind),
    );
  await expect.poll(kinds).toEqual(['click', 'box']);
  if (process.env.SCREENSHOT !== undefined) await page.screenshot({ path: process.env.SCREENSHOT });
  expect(await seriousFindings(page)).toEqual([]);

  const failed = page.evaluate(() => {
    const element = document.querySelector('splitseem-canvas');
    element?.setAttribute('src', 'nothing.jpg');
    return new Promise((resolve) => {
      element?.addEventListener('error', (event) =>
        resolve((event as Event as CanvasEvents['error']).detail.error.kind),
      );
    });
  });
  expect(await failed).toBe('http');
  expect(await status.textContent()).toContain('The photo cannot be fetched');
});
