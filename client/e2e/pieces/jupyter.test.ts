/** The widget in a real JupyterLab; `make jupyter` installs that and runs this. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
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
      canvas`),
    cell(
      `print("came:", canvas.masks.dtype, canvas.masks.shape, canvas.masks[:, 120, 220], canvas.masks.sum() > 0)`,
    ),
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

  it('marks an object in a notebook, whose next cell has its mask', async () => {
    const { page } = await stage.newUser();
    await page.goto(new URL('/lab/tree/marks.ipynb', stage.url).href);
    await page.locator('.jp-Cell').first().click();
    await page.getByText('Idle').or(page.locator('[data-status="idle"]')).first().waitFor();
    await runCell(page);
    const canvas = page.getByRole('application', { name: 'Image canvas' });
    const status = page.getByRole('status').getByText('Click on an object');
    await status.waitFor();
    const box = await canvas.boundingBox();
    if (box === null) throw new Error('no canvas');
    const side = 0.96 * Math.min(box.width, box.height);
    const at = (x: number, y: number) => ({
      x: box.width / 2 + (x / 512 - 0.5) * side,
      y: box.height / 2 + (y / 512 - 0.5) * side,
    });
    await canvas.click({ position: at(220, 120) });
    const said = () => page.getByText(/, \d+ pixels/).textContent();
    const first = await said();
    await canvas.click({ position: at(200, 420), button: 'right' });
    await expect.poll(said, WITHIN).not.toBe(first);
    await canvas.press('Backspace');
    await expect.poll(said, WITHIN).toBe(first);
    await page.locator('.jp-Cell').nth(1).locator('.cm-content').click();
    await runCell(page);
    await page.getByText('came: bool (1, 512, 512) [ True] True').waitFor();
    if (SCREENSHOT !== undefined) await page.screenshot({ path: SCREENSHOT });
  });
}
