/** Label maps and masks with a legend, as `Masks`, `Masks by object` and `Label map` write them -> photos with objects. */
import { RunWriter } from '../shared/rle';
import type { CocoRle, SizeHw } from '../shared/types';
import {
  isPlain,
  listIn,
  plainIn,
  refuseFile,
  textIn,
  type ImportedObject,
  type ImportedPhoto,
} from './imported';
import { readLabelMap, type LabelMap } from './pngReader';

/** A photo of the legend, with its map. */
export function fromLegend(legend: unknown, png: Uint8Array): ImportedPhoto {
  const map = readLabelMap(png);
  const { height, width } = map;
  return photoOf(legend, { height, width }, ({ number }) => maskOf(map, Number(number)));
}

/** Of a mask by itself: what is in the object. */
const INSIDE = 255;

/** A photo of the legend, with a picture for each object. */
export function fromMasks(legend: unknown, pngOf: (name: string) => Uint8Array): ImportedPhoto {
  const masks = new Map(
    entriesOf(legend).map((entry) => {
      const name = textIn(entry.mask, 'mask');
      return [name, maskOf(readLabelMap(pngOf(name)), INSIDE)] as const;
    }),
  );
  const [height, width] = [...masks.values()][0]?.size ?? refuseFile('a photo of the legend has no object');
  return photoOf(legend, { height, width }, ({ mask }) => {
    const found = masks.get(String(mask));
    const isAlike = found?.size[0] === height && found.size[1] === width;
    return isAlike ? found : refuseFile('masks of one photo have different sizes');
  });
}

type Entry = Readonly<Record<string, unknown>>;

const entriesOf = (legend: unknown): readonly Entry[] =>
  listIn(plainIn(legend, 'the legend').objects, 'objects').map((entry) => plainIn(entry, 'an object'));

function photoOf(legend: unknown, size: SizeHw, maskIn: (entry: Entry) => CocoRle): ImportedPhoto {
  const { file_name, original_name } = plainIn(legend, 'the legend');
  return {
    name: typeof original_name === 'string' ? original_name : textIn(file_name, 'file_name'),
    size,
    objects: entriesOf(legend).map((entry) => objectOf(entry, maskIn)),
  };
}

function objectOf(entry: Entry, maskIn: (entry: Entry) => CocoRle): ImportedObject {
  const { number, label, label_origin } = entry;
  if (typeof number !== 'number') return refuseFile('an object of the legend has no number');
  return {
    mask: maskIn(entry),
    label: typeof label === 'string' ? label : null,
    labelOrigin: label_origin === 'model' ? 'model' : 'user',
    number,
  };
}

function maskOf({ height, width, values }: LabelMap, number: number): CocoRle {
  const runs = new RunWriter();
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) runs.push(values[y * width + x] === number, 1);
  }
  return runs.finish({ height, width });
}

const KEYWORD = 'iTXtsplitseem\0\0\0\0\0';

/** The palette, which may stand before the legend, and what else does. */
const HEAD_BYTES = 2048;

/** The legend that stands in a label map as text; null: this is another PNG. */
export async function legendIn(file: Blob): Promise<unknown> {
  const head = new TextDecoder('latin1').decode(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const at = head.indexOf(KEYWORD);
  if (at < 4) return null;
  const png = new Uint8Array(await file.arrayBuffer());
  const length = new DataView(png.buffer, png.byteOffset).getUint32(at - 4);
  const text = new TextDecoder().decode(png.subarray(at + KEYWORD.length, at + 4 + length));
  const legend: unknown = JSON.parse(text);
  return isPlain(legend) ? legend : null;
}
