/** Annotated photos -> CVAT for images 1.1: one XML, a mask an object. */
import { classColour, hexColour } from '../canvas/palette';
import { maskFromRle, rleBounds } from '../shared/rle';
import type { CocoRle } from '../shared/types';
import type { AnnotatedObject, AnnotatedPhoto } from './annotated';
import { categorised, categoryNames, type CategoryOptions } from './categories';
import { element, toXml, type Element } from './xml';

export function toCvat(photos: readonly AnnotatedPhoto[], options: CategoryOptions): Blob {
  const found = categorised(photos, options);
  const { colours = {} } = options;
  const labels = categoryNames(found, options).map((name) =>
    element('label', [
      element('name', name),
      element('color', hexColour(classColour(name, colours))),
      element('type', 'mask'),
      element('attributes', specsOf(name, options)),
    ]),
  );
  const images = found.map(({ photo, objects }, id): Element => {
    const { width, height } = photo.size;
    return {
      tag: 'image',
      attributes: { id, name: photo.fileName, width, height },
      content: objects.map(({ object, category }, index) => maskElement(object, category, index, options)),
    };
  });
  const task = element('task', [element('labels', labels)]);
  const root = element('annotations', [element('version', '1.1'), element('meta', [task]), ...images]);
  return new Blob([toXml(root)], { type: 'application/xml' });
}

/** What objects of a class say, as CVAT declares it. */
const specsOf = (name: string, { attributes = [] }: CategoryOptions): readonly Element[] =>
  attributes
    .filter((one) => one.class === name)
    .map((one) =>
      element('attribute', [
        element('name', one.name),
        element('mutable', 'False'),
        element('input_type', one.kind),
        element('default_value', one.kind === 'checkbox' ? 'false' : ''),
        element('values', (one.kind === 'checkbox' ? ['false', 'true'] : (one.values ?? [])).join('\n')),
      ]),
    );

/** CVAT takes no attribute that its label does not declare. */
const saidBy = ({ attributes = {} }: AnnotatedObject, label: string, options: CategoryOptions): Element[] =>
  (options.attributes ?? [])
    .filter((one) => one.class === label && attributes[one.name] !== undefined)
    .map(({ name }) => ({ tag: 'attribute', attributes: { name }, content: `${attributes[name] ?? ''}` }));

function maskElement(
  object: AnnotatedObject,
  label: string,
  index: number,
  options: CategoryOptions,
): Element {
  const { mask, group } = object;
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
    ...(group !== undefined && { group_id: group }),
  };
  return { tag: 'mask', attributes, content: saidBy(object, label, options) };
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
