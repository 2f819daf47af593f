/** The widget in a real JupyterLab; `make jupyter` installs that and runs this. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { freePort, startServer, type Running } from '../programs';
import { samplePath } from '../browser';
import { useStage } from '../stage';

const { JUPYTER, SCREENSHOT } = process.env;
const SECONDS_TO_START = 60;
const WITHIN = { timeout: 10_000 };

const cell = (source: string) => ({
  ...{ cell_type: 'code', execution_count: null, metadata: {}, outputs: [] },
  source: source.trim().replace(/^ +/gm, ''),
});

/** A notebook that takes a photo as an array, and gives back what was marked. */
const notebook = (server: string) => ({
  cells: [
    cell(`
      import numpy as np
      from PIL import Image
      from splitseem.jupyter import Canvas
      pixels = np.asarray(Image.open(${JSON.stringify(samplePath('astronaut.jpg'))}).convert("RGB"))
      canvas = Canvas(pixels, ${JSON.stringify(server)})
      assert canvas.masks.shape == (0, *pixels.shape[:2])
      canvas`),
    cell('print("came:", canvas.masks.dtype, canvas.masks.shape, canvas.masks[:, 120, 220])'),
    cell('canvas'),
    cell('print("all:", [[prompt.label for prompt in prompts] for prompts in canvas.prompts])'),
  ],
  metadata: { kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' } },
  nbformat: 4,
  nbformat_minor: 5,
});

async function startJupyter(program: string, folder: string): Promise<Running> {
  const port = await freePort();
  const options = ['--no-browser', '--allow-root', `--ServerApp.port=${port}`, '--IdentityProvider.token='];
  const child = spawn(program, ['lab', ...options, `--ServerApp.root_dir=${folder}`], {
    stdio: 'ignore',
    env: { ...process.env, HOME: folder, JUPYTER_CONFIG_DIR: folder, IPYTHONDIR: folder },
  });
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 1000 * SECONDS_TO_START;
  while (!(await fetch(`${url}/api`).catch(() => null))?.ok) {
    if (Date.now() > deadline) throw new Error('JupyterLab did not start in time');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill();
      }),
  };
}

/** The line below a canvas. */
const SAID = /^Click on an object|, \d+ pixels$/;

/** Where a pixel of the photo, of 512 on each side, is on a canvas. */
async function placeOn(canvas: Locator, x: number, y: number): Promise<{ x: number; y: number }> {
  const box = await canvas.boundingBox();
  if (box === null) throw new Error('no canvas');
  const side = 0.96 * Math.min(box.width, box.height);
  return { x: box.width / 2 + (x / 512 - 0.5) * side, y: box.height / 2 + (y / 512 - 0.5) * side };
}

/** Run the selected cell and go on to the next. */
const runCell = (page: Page): Promise<void> => page.keyboard.press('Shift+Enter');

if (JUPYTER === undefined) {
  it.skip('needs JupyterLab: make jupyter', () => undefined);
} else {
  const stage = useStage({
    apart: true,
    serve: async ({ folder, keep }) => {
      const server = keep(await startServer(['--cache', 'memory'])).url;
      const work = join(folder, 'notebooks');
      mkdirSync(work);
      writeFileSync(join(work, 'marks.ipynb'), JSON.stringify(notebook(server)));
      return startJupyter(JUPYTER, work);
    },
  });

  it('marks objects in a notebook, whose next cells have their masks', async () => {
    const { page } = await stage.newUser();
    await page.goto(new URL('/lab/tree/marks.ipynb', stage.url).href);
    await page.locator('.jp-Cell').first().click();
    await page.getByText('(ipykernel) | Idle').waitFor();
    await runCell(page);
    const view = (index: number) => page.getByRole('application', { name: 'Image canvas' }).nth(index);
    const said = (index: number) => () => page.getByText(SAID).nth(index).textContent();
    await page.getByText(SAID).waitFor();
    await view(0).click({ position: await placeOn(view(0), 220, 120) });
    await expect.poll(said(0), WITHIN).toMatch(/^\w+, \d+ pixels$/);
    const first = await said(0)();
    await view(0).click({ position: await placeOn(view(0), 200, 420), button: 'right' });
    await expect.poll(said(0), WITHIN).not.toBe(first);
    await view(0).press('Backspace');
    await expect.poll(said(0), WITHIN).toBe(first);
    await page.locator('.jp-Cell').nth(1).locator('.cm-content').click();
    await runCell(page);
    await page.getByText('came: bool (1, 512, 512) [ True]').waitFor();

    // A second view has what was marked in the first, and the other way round.
    await runCell(page);
    await expect.poll(said(1), WITHIN).toBe(first);
    await view(1).press('n');
    await expect.poll(said(1), WITHIN).toMatch(/^Click/);
    await view(1).click({ position: await placeOn(view(1), 420, 430) });
    await expect.poll(said(1), WITHIN).toMatch(/pixels$/);
    await expect.poll(said(0), WITHIN).toBe(await said(1)());
    await page.locator('.jp-Cell').nth(3).locator('.cm-content').click();
    await runCell(page);
    await page.getByText('all: [[1], [1]]').waitFor();
    if (SCREENSHOT !== undefined) await page.screenshot({ path: SCREENSHOT });
  });
}
