/** The pixels of a photo that the model sees, as a picture of their own. */
import { decodeWhole } from '../../pixels/decodePhoto';
import { resampled } from '../../pixels/resampled';
import { channelsOfJpeg } from '../../shared/image/jpegChannels';
import type { SizeHw } from '../../shared/types';
import type { See } from './smallerPhotos';

/** How many times longer a photo has to be than what the model sees of it. */
const LEAST_GAIN = 2;
/** Browsers and the server make other colours of four, as in print. */
const CHANNELS: readonly (number | null)[] = [1, 3];

/** A part of a photo as the model sees it; null: it is not worth its making. */
export const seenByModel: See = async (photo, roi, canvas, signal) => {
  if (!CHANNELS.includes(channelsOfJpeg(new Uint8Array(await photo.arrayBuffer())))) return null;
  const whole = await decodeWhole(photo);
  try {
    const original = { height: whole.height, width: whole.width };
    if (Math.max(original.height, original.width) <= LEAST_GAIN * canvas) return null;
    const [x, y, width, height] = roi ?? [0, 0, whole.width, whole.height];
    const wanted = inputSize({ height, width }, canvas);
    return { picture: await resampled(whole, { x, y, width, height }, wanted, signal), original };
  } finally {
    whole.close();
  }
};

/** What the model sees of a photo: its longer side as long as the canvas. */
export function inputSize({ height, width }: SizeHw, canvas: number): SizeHw {
  const shorter = (short: number, long: number): number =>
    Math.max(1, Math.trunc((canvas * short) / long + 0.5));
  return height <= width
    ? { height: shorter(height, width), width: canvas }
    : { height: canvas, width: shorter(width, height) };
}
