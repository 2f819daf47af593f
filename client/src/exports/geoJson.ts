/** Annotated photos -> GeoJSON: a file a photo, a MultiPolygon an object, in pixels from the upper left corner. */
import type { Attributes } from '../session/state';
import type { AnnotatedPhoto } from './annotated';
import { besides, categorised, type Categorised, type CategoryOptions } from './categories';
import { areasOf, pairs } from './polygons';
import { zipOf } from './zip';

export const toGeoJson = (photos: readonly AnnotatedPhoto[], options: CategoryOptions): Promise<Blob> =>
  zipOf(
    new Map(
      categorised(photos, options).map((found) => [
        besides(found.photo, '.geojson'),
        JSON.stringify(collection(found, options)),
      ]),
    ),
  );

const collection = ({ photo, objects }: Categorised, { tolerance }: CategoryOptions): unknown => ({
  type: 'FeatureCollection',
  features: objects.map(({ object, category }) => ({
    type: 'Feature',
    id: object.id,
    geometry: {
      type: 'MultiPolygon',
      coordinates: areasOf(object.mask, tolerance).map(({ outline, holes }) =>
        [outline, ...holes].map(closed),
      ),
    },
    // As QuPath reads them.
    properties: {
      objectType: 'annotation',
      classification: { name: category },
      number: object.number,
      image: photo.fileName,
      ...(object.group !== undefined && { group: object.group }),
      ...(object.attributes && { metadata: texts(object.attributes) }),
    },
  })),
});

const texts = (attributes: Attributes): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(attributes).map(([name, said]) => [name, `${said}`]));

/** The last corner of a ring is its first. */
const closed = (ring: readonly number[]): unknown => pairs([...ring, ...ring.slice(0, 2)]);
