/** Files that the random user opens: photos of many kinds, and what only looks like one. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { samplePath } from '../e2e/browser';
import { withOrientation } from '../e2e/photos';

export interface FileToOpen {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

type ImageType = 'image/png' | 'image/jpeg' | 'image/webp';

/** What is drawn: name, type, width, height. Two have one name, two more one name and one size. */
const DRAWN: readonly (readonly [string, ImageType, number, number])[] = [
  ['meadow.png', 'image/png', 320, 240],
  ['harbour.jpg', 'image/jpeg', 400, 300],
  ['tower.webp', 'image/webp', 240, 360],
  ['0001.jpg', 'image/jpeg', 200, 150],
  ['0001.jpg', 'image/jpeg', 200, 150],
  ['0001.jpg', 'image/jpeg', 160, 220],
  ['wide.png', 'image/png', 900, 12],
  ['tall.png', 'image/png', 5, 400],
  ['dot.png', 'image/png', 1, 1],
  ['four.png', 'image/png', 2, 2],
  ['no ending', 'image/jpeg', 97, 61],
  ['große Wiese (1).png', 'image/png', 128, 96],
  ['large.jpg', 'image/jpeg', 2400, 1600],
];

const ORIENTATIONS = [2, 3, 6, 8] as const;

/** Pictures of a few ellipses on a slope of colours, drawn by the browser of `page`. */
export async function photoFiles(page: Page): Promise<readonly FileToOpen[]> {
  const drawn: FileToOpen[] = [];
  for (const [index, [name, mimeType, width, height]] of DRAWN.entries()) {
    const buffer = await draw(page, { mimeType, width, height, variant: index });
    drawn.push({ name, mimeType: name.includes('.') ? mimeType : '', buffer });
  }
  const sample = readFileSync(samplePath('chelsea.jpg'));
  const turned = ORIENTATIONS.map((orientation) => ({
    name: `turned-${orientation}.jpg`,
    mimeType: 'image/jpeg',
    buffer: withOrientation(sample, orientation),
  }));
  return [...drawn, { name: 'chelsea.jpg', mimeType: 'image/jpeg', buffer: sample }, ...turned];
}

interface Drawing {
  readonly mimeType: ImageType;
  readonly width: number;
  readonly height: number;
  readonly variant: number;
}

async function draw(page: Page, drawing: Drawing): Promise<Buffer> {
  const base64 = await page.evaluate(async ({ mimeType, width, height, variant }) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no 2D canvas');
    const slope = context.createLinearGradient(0, 0, width, height);
    slope.addColorStop(0, `hsl(${variant * 47} 60% 75%)`);
    slope.addColorStop(1, `hsl(${variant * 47 + 90} 50% 35%)`);
    context.fillStyle = slope;
    context.fillRect(0, 0, width, height);
    for (const [x, y, radius, hue] of [
      [0.3, 0.35, 0.18, 0],
      [0.7, 0.6, 0.22, 130],
      [0.2, 0.8, 0.1, 250],
    ] as const) {
      context.fillStyle = `hsl(${variant * 31 + hue} 80% 50%)`;
      context.beginPath();
      context.ellipse(x * width, y * height, radius * width, radius * height, variant, 0, 2 * Math.PI);
      context.fill();
    }
    const blob = await canvas.convertToBlob({ type: mimeType });
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  }, drawing);
  return Buffer.from(base64, 'base64');
}

/** What must be refused with words, and change nothing. */
export function brokenFiles(photos: readonly FileToOpen[]): readonly FileToOpen[] {
  const halves = photos.slice(0, 3).map(({ name, mimeType, buffer }) => ({
    name: `half of ${name}`,
    mimeType,
    buffer: buffer.subarray(0, 60),
  }));
  const json = (name: string, text: string): FileToOpen => ({
    name,
    mimeType: 'application/json',
    buffer: Buffer.from(text),
  });
  return [
    ...halves,
    { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) },
    { name: 'words.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a photo') },
    { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from('<!doctype html><p>hello') },
    json('cut.json', '{"images": ['),
    json('list.json', '[]'),
    json('nothing.json', 'null'),
    json('old.splitseem.json', '{"type": "project", "protocol_version": 99, "format": 7, "images": []}'),
  ];
}
