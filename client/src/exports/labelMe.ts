/** Annotated photos -> LabelMe: a JSON file a photo; the parts of an object are shapes of one group. */
import type { AnnotatedObject, AnnotatedPhoto } from './annotated';
import { besides, categorised, type Categorised, type CategoryOptions } from './categories';
import { pairs, polygonsOf } from './polygons';
import { zipOf } from './zip';

const VERSION = '5.5.0';

export const toLabelMe = (photos: readonly AnnotatedPhoto[], options: CategoryOptions): Promise<Blob> =>
  zipOf(
    new Map(
      categorised(photos, options).map((found) => [
        besides(found.photo, '.json'),
        JSON.stringify(labelMeFile(found, options), null, 1),
      ]),
    ),
  );

type Named = Categorised['objects'];

/** Objects of a group have the number of its first one: no other object has that. */
const groupOf = ({ number, group }: AnnotatedObject, objects: Named): number =>
  objects.find(({ object }) => group !== undefined && object.group === group)?.object.number ?? number;

const flagsOf = ({ attributes = {} }: AnnotatedObject): Readonly<Record<string, boolean>> =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, said]) => (typeof said === 'boolean' ? [[name, said]] : [])),
  );

const descriptionOf = ({ attributes = {} }: AnnotatedObject): string =>
  Object.entries(attributes)
    .flatMap(([name, said]) => (typeof said === 'string' ? [`${name}: ${said}`] : []))
    .join('; ');

const labelMeFile = ({ photo, objects }: Categorised, { tolerance }: CategoryOptions): unknown => ({
  version: VERSION,
  flags: {},
  shapes: objects.flatMap(({ object, category }) =>
    polygonsOf(object.mask, tolerance).map((polygon) => ({
      label: category,
      points: pairs(polygon),
      group_id: groupOf(object, objects),
      description: descriptionOf(object),
      shape_type: 'polygon',
      flags: flagsOf(object),
      mask: null,
    })),
  ),
  imagePath: photo.fileName,
  imageData: null,
  imageHeight: photo.size.height,
  imageWidth: photo.size.width,
});
