/** What the page holds, and how long a frame takes, on photos of 24 megapixels. E2E_SLOW=1 tries it for long. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Project } from '../src/shared/types';
import { launchProfile, PageUnderTest } from './browser';
import { useStage } from './stage';

const IS_SLOW = process.env.E2E_SLOW === '1';
const SIZE = { width: 6000, height: 4000 };
const MB = 2 ** 20;
const GENEROUS = { timeout: IS_SLOW ? 7_200_000 : 900_000 };

const stage = useStage({ apart: true });
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.visit();
  user.page.setDefaultTimeout(120_000);
});

/** A photo of rows of discs on a slope of colours, told from others by its hue. */
async function drawnPhoto(hue: number, size = SIZE) {
  const base64 = await user.page.evaluate(
    async ({ width, height, hue }) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d');
      if (context === null) throw new Error('no 2D canvas');
      const sky = context.createLinearGradient(0, 0, width, height);
      sky.addColorStop(0, `hsl(${hue} 40% 30%)`);
      sky.addColorStop(1, `hsl(${hue + 60} 40% 70%)`);
      context.fillStyle = sky;
      context.fillRect(0, 0, width, height);
      for (let i = 0; i < 10; i++) {
        context.fillStyle = `hsl(${hue + 36 * i} 80% 50%)`;
        context.beginPath();
        context.arc(
          ((i % 5) + 0.5) * (width / 5),
          (Math.floor(i / 5) + 0.5) * (height / 2),
          width / 12,
          0,
          7,
        );
        context.fill();
      }
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
      const url = await new Promise<string>((resolve) => {
        const reader = new FileReader();
        reader.onload = () => {
          resolve(reader.result as string);
        };
        reader.readAsDataURL(blob);
      });
      return url.slice(url.indexOf(',') + 1);
    },
    { ...size, hue },
  );
  return { name: `hue-${hue}.jpg`, mimeType: 'image/jpeg', buffer: Buffer.from(base64, 'base64') };
}

/** Open a photo, and click on it. */
async function workOn(photo: Awaited<ReturnType<typeof drawnPhoto>>, number: number): Promise<void> {
  await user.openFile(photo);
  await user.page.waitForFunction((count) => {
    const { splitseem } = globalThis as unknown as { splitseem: { project(): Project } };
    const { images } = splitseem.project();
    return images.length === count && images.at(-1)?.key != null;
  }, number + 1);
  await user.click(onDisc(number % 10, number));
}

/** Proportional set size of the browser's processes of these kinds, once what is garbage has gone. */
async function memory(kinds: readonly string[] = ['renderer', 'GPU']): Promise<number> {
  const browser = user.page.context().browser();
  if (browser === null) throw new Error('no browser');
  await collectGarbage();
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo
    .filter(({ type }) => kinds.includes(type))
    .reduce((sum, { id }) => sum + proportionalSetSize(id), 0);
}

/** In the page and in its workers. */
async function collectGarbage(): Promise<void> {
  const page = await user.page.context().newCDPSession(user.page);
  const workers: string[] = [];
  page.on('Target.attachedToTarget', ({ sessionId }) => workers.push(sessionId));
  await page.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false });
  const message = JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' });
  for (let i = 0; i < 3; i++) {
    await page.send('HeapProfiler.collectGarbage');
    for (const sessionId of workers) await page.send('Target.sendMessageToTarget', { sessionId, message });
    await user.page.waitForTimeout(300);
  }
  await page.detach();
}

function proportionalSetSize(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  return 1024 * Number(kilobytes);
}

/** The centre of a disc, moved somewhat. */
const onDisc = (disc: number, round: number) => ({
  x: ((disc % 5) + 0.5) / 5 + 0.01 * Math.sin(round),
  y: (Math.floor(disc / 5) + 0.5) / 2 + 0.01 * Math.cos(round),
});

describe('memory', () => {
  it('hardly grows with the number of clicks', GENEROUS, async () => {
    const clicks = IS_SLOW ? 2000 : 40;
    await user.openFile(await drawnPhoto(200));
    await user.waitForEmbedding();
    for (let i = 0; i < 5; i++) await user.click(onDisc(0, i));
    const before = await memory();
    for (let i = 0; i < clicks; i++) await user.click(onDisc(i % 10, i));
    const grown = (await memory()) - before;
    console.log(
      `${clicks} clicks on 24 megapixels: ${(grown / MB).toFixed(0)} MB more than ${(before / MB).toFixed(0)}`,
    );
    expect(grown / MB).toBeLessThan(100);
  });

  it('of many large photos is not that of all their pixels', GENEROUS, async () => {
    const photos = IS_SLOW ? 50 : 4;
    for (let i = 0; i < photos; i++) await workOn(await drawnPhoto(10 * i), i);
    const total = await memory();
    console.log(`${photos} photos of 24 megapixels: ${(total / MB).toFixed(0)} MB`);
    expect(total / MB).toBeLessThan(1000);
  });
});

it.runIf(IS_SLOW)('hardly grows with photos, once there are many', GENEROUS, async () => {
  // Without a profile on disk a browser holds in memory what pages keep.
  const profile = await launchProfile(join(stage.folder, 'profile'));
  const kinds = { page: ['renderer', 'GPU'], browser: ['browser'] };
  const sizes: Record<keyof typeof kinds, number[]> = { page: [], browser: [] };
  const visit = async (look: () => Promise<void>): Promise<void> => {
    user = new PageUnderTest(await profile.newPage());
    await user.page.goto(stage.url);
    for (let i = 0; i < 200; i++) {
      await workOn(await drawnPhoto(1.7 * i, { width: 1000, height: 750 }), i);
      if (i % 40 === 39) await look();
    }
    await user.page.close();
  };
  try {
    await visit(() => Promise.resolve());
    // What a page is sent, the developer tools that drive it hold. Now the browser has all embeddings.
    await visit(async () => {
      sizes.page.push(await memory(kinds.page));
      sizes.browser.push(await memory(kinds.browser));
    });
  } finally {
    await profile.close();
  }
  const shown = (all: readonly number[]): string => all.map((size) => (size / MB).toFixed(0)).join(', ');
  console.log(`40, 80, 120, 160, 200 photos of 0.75 megapixels: ${shown(sizes.page)} MB`);
  console.log(`and the browser's own process: ${shown(sizes.browser)} MB`);
  const aPhoto = (all: readonly number[]): number => ((all.at(-1) ?? NaN) - (all[2] ?? NaN)) / 80 / MB;
  // An embedding that the page or the browser held would be another third of a megabyte.
  expect(aPhoto(sizes.page)).toBeLessThan(0.3);
  expect(aPhoto(sizes.browser)).toBeLessThan(0.3);
});

describe('a frame', () => {
  it('with ten objects on 24 megapixels is drawn in time', GENEROUS, async () => {
    await user.openFile(await drawnPhoto(120));
    await user.waitForEmbedding();
    for (let i = 0; i < 10; i++) {
      if (i > 0) await user.button('New object').click();
      await user.click(onDisc(i, 0));
    }
    const centre = await user.toScreen({ x: 0.5, y: 0.5 });
    for (const motion of ['zoom', 'pan', 'hover'] as const) {
      const frames = await framesOf(motion, centre);
      const median = frames[Math.floor(frames.length / 2)] ?? NaN;
      console.log(
        `frames of ${motion}: median ${median.toFixed(1)} ms, longest ${frames.at(-1)?.toFixed(1)} ms`,
      );
      expect(median, motion).toBeLessThan(33);
    }
  });
});

type Motion = 'zoom' | 'pan' | 'hover';

/** Milliseconds from frame to frame while the wheel turns, or the mouse moves, to and fro; in ascending order. */
const framesOf = (motion: Motion, at: { x: number; y: number }): Promise<readonly number[]> =>
  user.page.evaluate(
    async ({ motion, x, y }) => {
      const canvas = document.querySelector('canvas.canvas');
      const mouse = { pointerId: 1, pointerType: 'mouse', isPrimary: true, bubbles: true, cancelable: true };
      const send = (type: string, buttons: number, shift: number): void => {
        const where = { clientX: x + shift, clientY: y + shift / 2, buttons, button: buttons === 0 ? -1 : 1 };
        canvas?.dispatchEvent(new PointerEvent(type, { ...mouse, ...where }));
      };
      const moves: Record<Motion, (isThere: boolean, shift: number) => void> = {
        zoom: (isThere) => {
          const wheel = {
            deltaY: isThere ? -60 : 60,
            clientX: x,
            clientY: y,
            bubbles: true,
            cancelable: true,
          };
          canvas?.dispatchEvent(new WheelEvent('wheel', wheel));
        },
        pan: (_, shift) => {
          send('pointermove', 4, shift);
        },
        hover: (_, shift) => {
          send('pointermove', 0, shift);
        },
      };
      if (motion === 'pan') send('pointerdown', 4, 0);
      const frames: number[] = [];
      let last = 0;
      let shift = 0;
      for (let i = 0; i < 120; i++) {
        const isThere = i % 20 < 10;
        shift += isThere ? 12 : -12;
        moves[motion](isThere, shift);
        const now = await new Promise<number>(requestAnimationFrame);
        if (last > 0) frames.push(now - last);
        last = now;
      }
      if (motion === 'pan') send('pointerup', 0, shift);
      return frames.sort((a, b) => a - b);
    },
    { motion, ...at },
  );
