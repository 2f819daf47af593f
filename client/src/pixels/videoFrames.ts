/** A video file -> its frames as files, decoded by the browser; one frame is held at a time. */
import { aborted, Failure } from '../shared/errors';
import type { SizeHw } from '../shared/types';

/** An open video; `close` it. */
export interface OpenVideo {
  readonly name: string;
  /** Seconds. */
  readonly duration: number;
  readonly size: SizeHw;
  readonly element: HTMLVideoElement;
  close(): void;
}

/** Which frames are wanted. */
export interface FrameWish {
  /** Frames of a second of the video. */
  readonly perSecond: number;
  readonly most: number;
}

const JPEG_QUALITY = 0.95;
/** Seconds that a browser may take for one frame or for the head of a file. */
const PATIENCE = 30;
/** Some files do not say how long they are: what is sought beyond their end tells. */
const BEYOND = 1e7;

/** @throws Failure: no video, no picture in it, or one that this browser does not decode. */
export async function openVideo(file: File): Promise<OpenVideo> {
  const element = document.createElement('video');
  const address = URL.createObjectURL(file);
  const close = (): void => {
    element.removeAttribute('src');
    element.load();
    URL.revokeObjectURL(address);
  };
  try {
    element.muted = true;
    element.preload = 'auto';
    element.src = address;
    await heard(element, 'loadeddata', file.name);
    if (element.duration === Infinity) {
      element.currentTime = BEYOND;
      await heard(element, 'seeked', file.name);
    }
    const { videoWidth: width, videoHeight: height } = element;
    if (width === 0 || height === 0) throw failure(file.name);
    // What still has no end ends where the browser can go.
    const duration = Number.isFinite(element.duration) ? element.duration : element.currentTime;
    return { name: file.name, duration, size: { height, width }, element, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** When the wanted frames are, seconds: in the middle of each interval, so that rounding meets no border of frames. */
export function frameTimes(duration: number, { perSecond, most }: FrameWish): readonly number[] {
  const count = Math.min(Math.max(Math.floor(duration * perSecond), 1), most);
  return Array.from({ length: count }, (_, index) => Math.min((index + 0.5) / perSecond, duration));
}

/**
 * The wanted frames as JPEG files, `clip-0001.jpg` and so on.
 *
 * @throws Failure: the video breaks off, or the signal was given.
 */
export async function* framesOf(
  { name, element, size }: OpenVideo,
  times: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<File, void, void> {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, size);
  const pen = canvas.getContext('2d', { alpha: false });
  if (pen === null) throw failure(name);
  const digits = Math.max(`${times.length}`.length, 4);
  const stem = name.replace(/\.[^.]*$/, '') || 'video';
  for (const [index, time] of times.entries()) {
    if (signal.aborted) throw new Failure(aborted());
    element.currentTime = time;
    await heard(element, 'seeked', name, signal);
    pen.drawImage(element, 0, 0, size.width, size.height);
    const blob = await new Promise<Blob | null>((resolve) => {
      canvas.toBlob(resolve, 'image/jpeg', JPEG_QUALITY);
    });
    if (blob === null) throw failure(name);
    yield new File([blob], `${stem}-${`${index + 1}`.padStart(digits, '0')}.jpg`, { type: blob.type });
  }
}

/** Settles with the event, or with the signal. */
async function heard(
  element: HTMLVideoElement,
  event: 'loadeddata' | 'seeked',
  name: string,
  stopping?: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => reject(failure(name, element.error?.message));
      const timer = setTimeout(fail, 1000 * PATIENCE);
      signal.addEventListener('abort', () => clearTimeout(timer));
      element.addEventListener(event, () => resolve(), { signal });
      element.addEventListener('error', fail, { signal });
      stopping?.addEventListener('abort', () => reject(new Failure(aborted())), { signal });
      // A file of sound alone has no frame to wait for.
      element.addEventListener('canplaythrough', () => element.videoWidth === 0 && fail(), { signal });
    });
  } finally {
    over.abort();
  }
}

const failure = (about: string, message = 'the browser does not decode it'): Failure =>
  new Failure({ kind: 'image', what: 'video-unreadable', about, message });
