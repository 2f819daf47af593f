/** Annotated photos -> CVAT for images 1.1: one XML, a mask an object. */
import { classColour, hexColour } from '../canvas/palette';
import { maskFromRle, rleBounds } from '../shared/rle';
import type { CocoRle } from '../shared/types';
import type { AnnotatedPhoto } from './annotated';
import { categorised, categoryNames, type CategoryOptions } from './categories';
import { element, toXml, type Element } from './xml';

export function toCvat(photos: readonly AnnotatedPhoto[], options: CategoryOptions): Blob {
  const found = categorised(photos, options);
  const labels = categoryNames(found, options).map((name) =>
    element('label', [
      element('name', name),
      element('color', hexColour(classColour(name))),
      element('type', 'mask'),
      element('attributes', []),
    ]),
  );
  const images = found.map(({ photo, objects }, id): Element => {
    const { width, height } = photo.size;
    return {
      tag: 'image',
      attributes: { id, name: photo.fileName, width, height },
      content: objects.map(({ object, category }, index) => maskElement(object.mask, category, index)),
    };
  });
  const task = element('task', [element('labels', labels)]);
  const root = element('annotations', [element('version', '1.1'), element('meta', [task]), ...images]);
  return new Blob([toXml(root)], { type: 'application/xml' });
}

function maskElement(mask: CocoRle, label: string, index: number): Element {
  const [left, top, width, height] = rleBounds(mask);
  const rle = rowRuns(mask, [left, top, width, height]).join(', ');
  const attributes = {
    label,
    source: 'semi-auto',
    occluded: 0,
    rle,
    left,
    top,
    width,
    height,
    z_order: index,
  };
  return { tag: 'mask', attributes };
}

/** Run lengths of a part of a mask, row by row, background first. */
function rowRuns(
  mask: CocoRle,
  [left, top, width, height]: readonly [number, number, number, number],
): number[] {
  const pixels = maskFromRle(mask);
  const runs: number[] = [];
  let [value, length] = [0, 0];
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) {
      const pixel = pixels[y * mask.size[1] + x] ?? 0;
      if (pixel === value) length++;
      else {
        runs.push(length);
        [value, length] = [pixel, 1];
      }
    }
  }
  return [...runs, length];
}
