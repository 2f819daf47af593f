/** A WebM file of a disk that moves to the right, the same on machines of any speed. */
import type { Page } from 'playwright-core';

export const VIDEO = { width: 320, height: 240, radius: 40, rate: 15, count: 30 } as const;

/** The middle of the disk in a frame, pixels from the left. */
export const diskAt = (frame: number): number => 96 + (128 * frame) / VIDEO.count;

export async function videoOfDisk(page: Page): Promise<Buffer> {
  const centres = Array.from({ length: VIDEO.count }, (_, frame) => diskAt(frame));
  const frames = await page.evaluate(encode, { ...VIDEO, centres });
  return webm(frames.map((frame) => Buffer.from(frame, 'base64')));
}

/** Runs in the page: every frame as VP8, a key frame each. */
async function encode(wanted: {
  readonly width: number;
  readonly height: number;
  readonly radius: number;
  readonly rate: number;
  readonly centres: readonly number[];
}): Promise<string[]> {
  const { width, height, radius, rate, centres } = wanted;
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext('2d');
  if (pen === null) throw new Error('no canvas');
  const frames: string[] = [];
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      frames.push(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')));
    },
    error: (error) => console.error(error.message),
  });
  encoder.configure({ codec: 'vp8', width, height, bitrate: 4e6, framerate: rate });
  for (const [index, centre] of centres.entries()) {
    pen.fillStyle = '#3a7d44';
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = '#c8102e';
    pen.beginPath();
    pen.arc(centre, height / 2, radius, 0, 7);
    pen.fill();
    const frame = new VideoFrame(canvas, { timestamp: (1e6 * index) / rate });
    encoder.encode(frame, { keyFrame: true });
    frame.close();
  }
  await encoder.flush();
  return frames;
}

/**
 * A disk that moves for some seconds, as the browser's own recorder writes it while it does, in the first of
 * these forms that it knows; null: in none. It does not say how long it is.
 */
export async function recording(
  page: Page,
  forms: readonly string[],
  seconds: number,
): Promise<{ readonly buffer: Buffer; readonly form: string } | null> {
  for (const form of forms) {
    const text = await page.evaluate(record, { ...VIDEO, mimeType: form, seconds });
    if (text !== null) return { buffer: Buffer.from(text, 'base64'), form };
  }
  return null;
}

/** Runs in the page. */
async function record(wanted: {
  readonly width: number;
  readonly height: number;
  readonly radius: number;
  readonly rate: number;
  readonly mimeType: string;
  readonly seconds: number;
}): Promise<string | null> {
  const { width, height, radius, rate, mimeType, seconds } = wanted;
  if (!MediaRecorder.isTypeSupported(mimeType)) return null;
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const pen = canvas.getContext('2d');
  if (pen === null) throw new Error('no canvas');
  const draw = (share: number): void => {
    pen.fillStyle = '#3a7d44';
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = '#c8102e';
    pen.beginPath();
    pen.arc(radius + (width - 2 * radius) * share, height / 2, radius, 0, 7);
    pen.fill();
  };
  draw(0);
  const recorder = new MediaRecorder(canvas.captureStream(rate), { mimeType, videoBitsPerSecond: 4e6 });
  const parts: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve));
  // In parts, as a page writes that sends what it records: the file cannot say at its beginning how long it is.
  recorder.start(100);
  const began = performance.now();
  for (let share = 0; share < 1; share = (performance.now() - began) / (1000 * seconds)) {
    draw(share);
    await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
  }
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** An element of a Matroska file. */
function element(id: string, ...parts: readonly (Buffer | string | number)[]): Buffer {
  const body = Buffer.concat(parts.map(bytesOf));
  const size = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  size.writeUInt32BE(body.length, 4);
  return Buffer.concat([Buffer.from(id, 'hex'), size, body]);
}

function bytesOf(part: Buffer | string | number): Buffer {
  if (typeof part === 'string') return Buffer.from(part);
  if (typeof part !== 'number') return part;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(part);
  return bytes;
}

function webm(frames: readonly Buffer[]): Buffer {
  const duration = Buffer.alloc(8);
  duration.writeDoubleBE((1000 * VIDEO.count) / VIDEO.rate);
  const blocks = frames.map((frame, index) => {
    const head = Buffer.from([0x81, 0, 0, 0x80]);
    head.writeInt16BE(Math.round((1000 * index) / VIDEO.rate), 1);
    return element('a3', head, frame);
  });
  const video = element('e0', element('b0', VIDEO.width), element('ba', VIDEO.height));
  const track = element(
    'ae',
    ...[element('d7', 1), element('73c5', 1), element('83', 1), element('86', 'V_VP8'), video],
  );
  return Buffer.concat([
    element('1a45dfa3', element('4282', 'webm'), element('4287', 2), element('4285', 2)),
    element(
      '18538067',
      element('1549a966', element('2ad7b1', 1_000_000), element('4489', duration)),
      element('1654ae6b', track),
      element('1f43b675', element('e7', 0), ...blocks),
    ),
  ]);
}
