/** Large photos that are made smaller before they are sent. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Request } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { seriousFindings } from '../axe';
import type { PageUnderTest } from '../browser';
import { PYTHON, run } from '../programs';
import { useStage } from '../stage';
import { rleIou } from '../../src/shared/rle';
import type { CocoRle } from '../../src/shared/types';

const MINUTES = 60_000;
const stage = useStage();

/** 12 megapixels of noise with discs, upright and turned by a mark, and twice as many. */
const PHOTO = `
import sys
from PIL import Image, ImageDraw
sys.path.insert(0, "tests/contract")
from marked_photos import exif
photo = Image.effect_noise((4000, 3000), 40).convert("RGB")
draw = ImageDraw.Draw(photo)
for x, y, r, fill in ((2000, 1500, 600, (220, 60, 40)), (700, 700, 300, (30, 90, 200)), (3300, 2300, 350, (40, 180, 70))):
    draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)
photo.save(sys.argv[1], quality=90)
photo.save(sys.argv[2], quality=90, exif=b"Exif\\0\\0" + exif(6))
photo.resize((6000, 4000)).save(sys.argv[3], quality=90)
`;

/** Width and height as they are seen. */
const SIZES = { 'upright.jpg': '4000,3000', 'turned.jpg': '3000,4000', 'large.jpg': '6000,4000' } as const;
const NAMES = Object.keys(SIZES) as (keyof typeof SIZES)[];
/** The largest takes a minute; E2E_SLOW=1 tries it, too. */
const TRIED = process.env.E2E_SLOW === '1' ? NAMES : NAMES.slice(0, 2);
const pathOf = (name: string): string => join(stage.folder, name);

beforeAll(async () => {
  await run([PYTHON], ['-c', PHOTO, ...NAMES.map(pathOf)]);
}, MINUTES);

/** What the page asks embeddings of from now on. */
function requestsOf({ page }: PageUnderTest): readonly Request[] {
  const asked: Request[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/v1/embed') asked.push(request);
  });
  return asked;
}

const bytesOf = async (request: Request | undefined): Promise<number> =>
  Number((await request?.allHeaders())?.['content-length']);

const queryOf = (request: Request | undefined): string =>
  decodeURIComponent(new URL(request?.url() ?? 'http://none').search);

/** In the menu that is there with the first photo. */
const toggle = async (user: PageUnderTest, isOn: boolean): Promise<void> => {
  const { page } = user;
  await user.openSample('coffee.jpg');
  await page.getByText('View', { exact: true }).press('Enter');
  await page.getByRole('checkbox', { name: 'Send photos smaller' }).setChecked(isOn);
  await page.keyboard.press('Escape');
};

const open = async (user: PageUnderTest, name: string): Promise<void> => {
  await user.openFile({ name, mimeType: 'image/jpeg', buffer: readFileSync(pathOf(name)) });
  await expect
    .poll(async () => (await user.project()).images.some((image) => image.name === name), {
      timeout: MINUTES,
    })
    .toBe(true);
  await user.waitForEmbedding();
};

const given = (mask: CocoRle | null | undefined): CocoRle => {
  if (!mask) throw new Error('no mask');
  return mask;
};

/** Zoom in on the disc in the middle and see it sharply: its mask, and the part. */
async function sharpened(user: PageUnderTest): Promise<{ mask: CocoRle; part: string }> {
  const at = await user.toScreen({ x: 0.5, y: 0.5 });
  await user.page.mouse.move(at.x, at.y);
  for (let k = 0; k < 4; k++) await user.page.mouse.wheel(0, -120);
  await user.page.keyboard.press('z');
  const object = async () => (await user.objects())[0];
  await expect
    .poll(async () => (await object())?.roi_xywh != null && (await object())?.mask != null, {
      timeout: MINUTES,
    })
    .toBe(true);
  const last = await object();
  return { mask: given(last?.mask), part: last?.roi_xywh?.join() ?? '' };
}

it.each(TRIED)('gives the masks of the whole file, for a fifth of its bytes at most (%s)', async (name) => {
  const masks: CocoRle[] = [];
  const sharp: { mask: CocoRle; part: string }[] = [];
  const bytes: number[] = [];
  const size = SIZES[name];
  for (const isOn of [false, true]) {
    const user = await stage.visit('/', {});
    await toggle(user, isOn);
    const asked = requestsOf(user);
    await open(user, name);
    masks.push(given((await user.click({ x: 0.5, y: 0.5 })).mask));
    sharp.push(await sharpened(user));
    expect(asked).toHaveLength(2);
    const { part } = sharp.at(-1) ?? { part: '' };
    const queries = isOn ? [`?original=${size}`, `?roi=${part}&original=${size}`] : ['', `?roi=${part}`];
    expect(asked.map(queryOf)).toEqual(queries);
    bytes.push(...(await Promise.all(asked.map(bytesOf))));
  }
  const [whole, wholeAgain, small, smallPart] = bytes;
  console.log(`${name}: ${small} and for the part ${smallPart} instead of ${whole} bytes`);
  expect([whole, wholeAgain]).toEqual([statSync(pathOf(name)).size, statSync(pathOf(name)).size]);
  expect(5 * Math.max(small ?? NaN, smallPart ?? NaN)).toBeLessThan(whole ?? NaN);
  const ious = [
    rleIou(given(masks[0]), given(masks[1])),
    rleIou(given(sharp[0]?.mask), given(sharp[1]?.mask)),
  ];
  console.log(`${name}: IoU ${ious.join(' and, sharpened, ')}`);
  expect(sharp[0]?.part).toBe(sharp[1]?.part);
  expect(masks[0]?.counts.length).toBeGreaterThan(100);
  expect(sharp[0]?.mask.counts.length).toBeGreaterThan(100);
  expect(Math.min(...ious)).toBeGreaterThanOrEqual(0.99);
});

it('is a choice in the menu View that is kept through a reload, and off at first', async () => {
  const user = await stage.visit('/', {});
  const { page } = user;
  await user.openSample('coffee.jpg');
  const box = page.getByRole('checkbox', { name: 'Send photos smaller' });
  await page.getByText('View', { exact: true }).press('Enter');
  expect(await box.isChecked()).toBe(false);
  await box.check();
  expect(await seriousFindings(page)).toEqual([]);
  await page.reload();
  await page.getByText('View', { exact: true }).press('Enter');
  expect(await box.isChecked()).toBe(true);
});

it('says what is waited for, and lets the page draw meanwhile', async () => {
  const user = await stage.visit('/', {});
  const { page } = user;
  await toggle(user, true);
  await page.evaluate(() => {
    const seen = { longest: 0, total: 0, texts: new Set<string>() };
    Object.assign(globalThis, { seen });
    let last = performance.now();
    const frame = (): void => {
      const now = performance.now();
      const text = document.querySelector('.progress p')?.textContent ?? '';
      seen.texts.add(text);
      if (text.startsWith('Making')) {
        seen.longest = Math.max(seen.longest, now - last);
        seen.total += now - last;
      }
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await open(user, 'upright.jpg');
  const { texts, longest, total } = await page.evaluate(() => {
    const { seen } = globalThis as unknown as {
      seen: { longest: number; total: number; texts: Set<string> };
    };
    return { ...seen, texts: [...seen.texts] };
  });
  console.log(`made smaller in ${Math.round(total)} ms, longest wait for a frame ${Math.round(longest)} ms`);
  expect(texts).toContain('Making the photo smaller');
  expect(longest).toBeLessThan(2000);
});
