import { expect, it } from 'vitest';
import { channelsOfJpeg } from '../../../src/shared/image/jpegChannels';

const START = [0xff, 0xd8];
const COMMENT = [0xff, 0xfe, 0, 4, 1, 2];
const TABLES = [0xff, 0xc4, 0, 3, 9];
const frame = (marker: number, channels: number): number[] => [
  ...[0xff, marker, 0, 8 + 3 * channels, 8, 0, 5, 0, 7, channels],
  ...Array<number>(3 * channels).fill(0),
];

it.each([
  ['grey', [...START, ...frame(0xc0, 1)], 1],
  ['colours, progressive, behind other segments', [...START, ...COMMENT, ...TABLES, ...frame(0xc2, 3)], 3],
  ['print, behind a fill byte', [...START, 0xff, ...frame(0xc1, 4)], 4],
  ['no frame', [...START, ...COMMENT], null],
  ['no segment', [...START, ...Array<number>(20).fill(0)], null],
  ['cut short', [...START, 0xff, 0xc0, 0], null],
  ['nothing', [], null],
])('the channels of a JPEG are read from its head: %s', (_, bytes, channels) => {
  expect(channelsOfJpeg(Uint8Array.from(bytes))).toBe(channels);
});
