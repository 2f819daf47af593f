/**
 * Annotated photos -> Label Studio: tasks with brush labels, and the configuration that shows them.
 *
 * A brush is the picture of a mask in RGBA, all four bytes of a pixel 255 inside and 0 outside, as a stream of bits:
 * the number of bytes (32 bits), bits of a value less 1 (5), four sizes of lengths less 1 (4 each); then for each run
 * a 1, which of the four sizes (2), its length less 1, and the value.
 */
import { classColour, hexColour } from '../canvas/palette';
import { maskFromRle } from '../shared/rle';
import type { CocoRle } from '../shared/types';
import type { Attributes, ClassColours } from '../session/state';
import type { AnnotatedPhoto } from './annotated';
import { categorised, categoryNames, type Categorised, type CategoryOptions } from './categories';
import { element, written } from './xml';
import { zipOf } from './zip';

export function toLabelStudio(photos: readonly AnnotatedPhoto[], options: CategoryOptions): Promise<Blob> {
  const found = categorised(photos, options);
  return zipOf(
    new Map([
      ['tasks.json', JSON.stringify(found.map(task))],
      ['config.xml', config(categoryNames(found, options), options.colours)],
    ]),
  );
}

const FROM = 'brush';
const TO = 'image';

const task = ({ photo, objects }: Categorised): unknown => ({
  data: { image: photo.fileName },
  annotations: [
    {
      result: objects.map(({ object, category }) => ({
        id: object.id,
        type: 'brushlabels',
        from_name: FROM,
        to_name: TO,
        original_width: photo.size.width,
        original_height: photo.size.height,
        image_rotation: 0,
        ...(object.attributes && { meta: { text: notes(object.attributes) } }),
        value: { format: 'rle', rle: brush(object.mask), brushlabels: [category] },
      })),
    },
  ],
});

const notes = (attributes: Attributes): string[] =>
  Object.entries(attributes).map(([name, said]) => `${name}: ${said}`);

const config = (names: readonly string[], colours: ClassColours = {}): string =>
  written(
    element('View', [
      { tag: 'Image', attributes: { name: TO, value: '$image' } },
      {
        tag: 'BrushLabels',
        attributes: { name: FROM, toName: TO },
        content: names.map((value) => ({
          tag: 'Label',
          attributes: { value, background: hexColour(classColour(value, colours)) },
        })),
      },
    ]),
  );

const SIZES = [3, 4, 8, 16];
const VALUE_BITS = 8;
const CHANNELS = 4;

/** The stream of bits of a mask, as bytes. */
export function brush(mask: CocoRle): number[] {
  const pixels = maskFromRle(mask, 255);
  const bits = new Bits();
  bits.put(pixels.length * CHANNELS, 32);
  bits.put(VALUE_BITS - 1, 5);
  for (const size of SIZES) bits.put(size - 1, 4);
  for (let start = 0; start < pixels.length;) {
    let end = start + 1;
    while (end < pixels.length && pixels[end] === pixels[start]) end++;
    putRun(bits, (end - start) * CHANNELS, pixels[start] ?? 0);
    start = end;
  }
  return bits.bytes;
}

function putRun(bits: Bits, length: number, value: number): void {
  for (let rest = length; rest > 0;) {
    const part = Math.min(rest, 65_536);
    const size = SIZES.findIndex((width) => part <= 2 ** width);
    bits.put(1, 1);
    bits.put(size, 2);
    bits.put(part - 1, SIZES[size] ?? 16);
    bits.put(value, VALUE_BITS);
    rest -= part;
  }
}

/** Numbers, the highest bit first, in bytes; the last one is filled up with zeros. */
class Bits {
  readonly bytes: number[] = [];
  #free = 0;

  put(number: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      if (this.#free === 0) {
        this.bytes.push(0);
        this.#free = 8;
      }
      this.#free--;
      const last = this.bytes.length - 1;
      this.bytes[last] = (this.bytes[last] ?? 0) | ((Math.floor(number / 2 ** bit) & 1) << this.#free);
    }
  }
}
