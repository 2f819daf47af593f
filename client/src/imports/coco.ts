/** COCO JSON -> photos with objects: run lengths, plain or as text, and polygons. */
import { UNLABELLED } from '../exports/categories';
import { MAX_OBJECT_NUMBER } from '../shared/reading/limits';
import { isValidRle } from '../shared/rle';
import type { CocoRle, SizeHw } from '../shared/types';
import {
  baseName,
  isPlain,
  listIn,
  plainIn,
  polygonIn,
  refuseFile,
  sideIn,
  textIn,
  type ImportedObject,
  type ImportedPhoto,
} from './imported';
import { rasterise } from '../shared/prompt/rasterise';

export const isCoco = (json: unknown): boolean =>
  isPlain(json) && Array.isArray(json.images) && Array.isArray(json.annotations);

/** Annotations without a mask, as boxes alone, are left out, and told. */
export function fromCoco(json: unknown): readonly ImportedPhoto[] {
  const { images, annotations, categories = [] } = plainIn(json, 'the file');
  const names = new Map(
    listIn(categories, 'categories').map((category) => {
      const { id, name } = plainIn(category, 'a category');
      return [id, textIn(name, 'the name of a category')];
    }),
  );
  const byImage = new Map<unknown, Record<string, unknown>[]>();
  for (const annotation of listIn(annotations, 'annotations')) {
    const found = plainIn(annotation, 'an annotation');
    const others = byImage.get(found.image_id);
    if (others === undefined) byImage.set(found.image_id, [found]);
    else others.push(found);
  }
  return listIn(images, 'images').map((image) => {
    const { id, file_name, original_name, width, height } = plainIn(image, 'an image');
    const size = { width: sideIn(width, 'the width'), height: sideIn(height, 'the height') };
    const found = byImage.get(id) ?? [];
    const objects = found.flatMap((annotation) => objectOf(annotation, size, names) ?? []);
    return {
      name: typeof original_name === 'string' ? original_name : baseName(textIn(file_name, 'file_name')),
      size,
      objects,
      leftOut: Array<string>(found.length - objects.length).fill('without a mask'),
    };
  });
}

function objectOf(
  { segmentation, category_id, attributes, track_id }: Readonly<Record<string, unknown>>,
  size: SizeHw,
  names: ReadonlyMap<unknown, string>,
): ImportedObject | null {
  const mask = maskOf(segmentation, size);
  if (mask === null) return null;
  const { number, label_origin } = isPlain(attributes) ? attributes : {};
  const label = names.get(category_id) ?? null;
  return {
    mask,
    label: label === UNLABELLED ? null : label,
    labelOrigin: label_origin === 'model' ? 'model' : 'user',
    number: isNumber(number) ? number : null,
    ...(isNumber(track_id) && { track: track_id }),
  };
}

/** One that an object may have. */
const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_OBJECT_NUMBER;

function maskOf(segmentation: unknown, size: SizeHw): CocoRle | null {
  if (Array.isArray(segmentation)) {
    const polygons = segmentation.flatMap((polygon: unknown) => {
      const found = polygonIn(polygon);
      return found === null ? [] : [found];
    });
    return polygons.length === 0 ? null : rasterise(polygons, size);
  }
  if (!isPlain(segmentation)) return null;
  const { counts } = segmentation;
  const numbers = typeof counts === 'string' ? countsFromText(counts) : listIn(counts, 'counts');
  const mask = { size: [size.height, size.width] as const, counts: merged(numbers as readonly number[]) };
  return isValidRle(mask) ? mask : refuseFile('the run lengths of a mask do not cover its image');
}

/** Without the runs of no length that some writers make. */
function merged(counts: readonly number[]): readonly number[] {
  const joined: number[] = [];
  for (const [index, count] of counts.entries()) {
    const isEmpty = count === 0 && index > 0;
    if (isEmpty) continue;
    // After an odd number of runs left out the side is the same as before.
    if (joined.length % 2 === index % 2) joined.push(count);
    else joined.push((joined.pop() ?? 0) + count);
  }
  return joined;
}

/** As pycocotools writes them: five bits a character, the difference to the run before the last one. */
export function countsFromText(text: string): readonly number[] {
  const counts: number[] = [];
  for (let at = 0; at < text.length;) {
    let [value, shift, more] = [0, 0, true];
    while (more) {
      const bits = text.charCodeAt(at++) - 48;
      if (!(bits >= 0 && bits < 64)) return refuseFile('the text of a mask is damaged');
      value += (bits & 31) * 2 ** shift;
      shift += 5;
      more = (bits & 32) !== 0;
      if (!more && (bits & 16) !== 0) value -= 2 ** shift;
    }
    counts.push(value + (counts.length > 2 ? (counts.at(-2) ?? 0) : 0));
  }
  return counts;
}
