/** How many channels a JPEG has: 1 is grey, 3 are colours, 4 those of print. */

/** Heads of frames, C0 to CF, but for the tables DHT and DAC and for JPG, which is reserved. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** By the head of its first frame; null: there is none where one is expected. */
export function channelsOfJpeg(data: Uint8Array): number | null {
  let at = 2;
  while (at + 9 < data.length && data[at] === 0xff) {
    const marker = data[at + 1] ?? 0;
    if (isFrame(marker)) return data[at + 9] ?? null;
    // Fill bytes.
    if (marker === 0xff) at += 1;
    else at += 2 + 256 * (data[at + 2] ?? 0) + (data[at + 3] ?? 0);
  }
  return null;
}
