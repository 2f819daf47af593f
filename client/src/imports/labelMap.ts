/** Label maps with a legend, as `Masks` and `Label map` write them -> photos with objects. */
import { RunWriter } from '../shared/rle';
import type { CocoRle } from '../shared/types';
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
  const { file_name, original_name, objects } = plainIn(legend, 'the legend');
  const map = readLabelMap(png);
  const { height, width } = map;
  return {
    name: typeof original_name === 'string' ? original_name : textIn(file_name, 'file_name'),
    size: { height, width },
    objects: listIn(objects, 'objects').map((entry) => objectOf(plainIn(entry, 'an object'), map)),
  };
}

function objectOf(
  { number, label, label_origin }: Readonly<Record<string, unknown>>,
  map: LabelMap,
): ImportedObject {
  if (typeof number !== 'number') return refuseFile('an object of the legend has no number');
  return {
    mask: maskOf(map, number),
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
