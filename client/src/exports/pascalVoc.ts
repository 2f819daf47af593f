/**
 * Annotated photos -> Pascal VOC: boxes as XML, and two label maps a photo, by class and by object.
 *
 * Where masks overlap, the pixel belongs to the later one.
 */
import { rleBounds } from '../shared/rle';
import type { AnnotatedPhoto } from './annotated';
import { besides, categorised, categoryNames, type Categorised, type CategoryOptions } from './categories';
import { labelMapPng } from './png';
import { element, toXml, type Element } from './xml';
import { zipOf } from './zip';

export async function toPascalVoc(
  photos: readonly AnnotatedPhoto[],
  options: CategoryOptions,
): Promise<Blob> {
  const found = categorised(photos, options);
  const names = categoryNames(found, options);
  const list = found.map(({ photo }) => `${besides(photo, '')}\n`).join('');
  // Readers of boxes look for a list of their own.
  const files = new Map<string, string | Blob>([
    ['labelmap.txt', labelMapText(names)],
    ['ImageSets/Main/default.txt', list],
    ['ImageSets/Segmentation/default.txt', list],
  ]);
  for (const { photo, objects } of found) {
    files.set(`Annotations/${besides(photo, '.xml')}`, toXml(annotation({ photo, objects })));
    const numbered = (numberOf: (category: string, index: number) => number): Promise<Blob> =>
      labelMapPng(
        [photo.size.height, photo.size.width],
        objects.map(({ object, category }, index) => {
          const number = numberOf(category, index);
          return { number, mask: object.mask, colour: vocColour(number) };
        }),
        '',
      );
    const byClass = await numbered((category) => names.indexOf(category) + 1);
    files.set(`SegmentationClass/${besides(photo, '.png')}`, byClass);
    files.set(`SegmentationObject/${besides(photo, '.png')}`, await numbered((_, index) => index + 1));
  }
  return zipOf(files);
}

const annotation = ({ photo, objects }: Categorised): Element =>
  element('annotation', [
    element('folder', ''),
    element('filename', photo.fileName),
    element('size', [
      element('width', photo.size.width),
      element('height', photo.size.height),
      element('depth', 3),
    ]),
    element('segmented', 1),
    ...objects.map(({ object, category }) => {
      const [left, top, width, height] = rleBounds(object.mask);
      // Pixels are counted from 1, the last one included.
      const box = { xmin: left + 1, ymin: top + 1, xmax: left + width, ymax: top + height };
      return element('object', [
        element('name', category),
        element('pose', 'Unspecified'),
        element('truncated', 0),
        element('difficult', 0),
        element(
          'bndbox',
          Object.entries(box).map(([name, value]) => element(name, value)),
        ),
      ]);
    }),
  ]);

/** Lines of name, colour, parts and actions, between colons: names hold none. */
const labelMapText = (names: readonly string[]): string =>
  [
    '# label:color_rgb:parts:actions',
    'background:0,0,0::',
    ...names.map((name, index) => `${name.replace(/[:\r\n]/g, '-')}:${vocColour(index + 1).join(',')}::`),
    '',
  ].join('\n');

/** The colour of a number in the maps of Pascal VOC: its bits, three at a time, from the highest of a channel down. */
export function vocColour(number: number): readonly [number, number, number] {
  const channels: [number, number, number] = [0, 0, 0];
  for (let bit = 0, rest = number; bit < 8; bit++, rest >>= 3) {
    for (const channel of [0, 1, 2] as const) channels[channel] |= ((rest >> channel) & 1) << (7 - bit);
  }
  return channels;
}
