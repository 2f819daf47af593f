/** Annotated photos -> LabelMe: a JSON file a photo; the parts of an object are shapes of one group. */
import type { AnnotatedPhoto } from './annotated';
import { besides, categorised, type Categorised, type CategoryOptions } from './categories';
import { pairs, polygonsOf } from './polygons';
import { zipOf } from './zip';

const VERSION = '5.5.0';

export const toLabelMe = (photos: readonly AnnotatedPhoto[], options: CategoryOptions): Promise<Blob> =>
  zipOf(
    new Map(
      categorised(photos, options).map((found) => [
        besides(found.photo, '.json'),
        JSON.stringify(labelMeFile(found), null, 1),
      ]),
    ),
  );

const labelMeFile = ({ photo, objects }: Categorised): unknown => ({
  version: VERSION,
  flags: {},
  shapes: objects.flatMap(({ object, category }) =>
    polygonsOf(object.mask).map((polygon) => ({
      label: category,
      points: pairs(polygon),
      group_id: object.number,
      description: '',
      shape_type: 'polygon',
      flags: {},
      mask: null,
    })),
  ),
  imagePath: photo.fileName,
  imageData: null,
  imageHeight: photo.size.height,
  imageWidth: photo.size.width,
});
