/** LabelMe JSON -> a photo with objects: shapes of one group are one object. */
import { UNLABELLED } from '../exports/categories';
import { baseName, isPlain, listIn, plainIn, sideIn, textIn, type ImportedPhoto } from './imported';
import { rasterise } from './rasterise';

export const isLabelMe = (json: unknown): boolean =>
  isPlain(json) && Array.isArray(json.shapes) && 'imagePath' in json;

interface Group {
  readonly label: string;
  readonly number: number | null;
  readonly polygons: (readonly number[])[];
}

/** Polygons, rectangles and circles; lines and points are left out. */
export function fromLabelMe(json: unknown): ImportedPhoto {
  const { shapes, imagePath, imageHeight, imageWidth } = plainIn(json, 'the file');
  const size = { height: sideIn(imageHeight, 'imageHeight'), width: sideIn(imageWidth, 'imageWidth') };
  const groups = new Map<unknown, Group>();
  for (const shape of listIn(shapes, 'shapes')) {
    const { label, group_id, points, shape_type } = plainIn(shape, 'a shape');
    const polygon = outlineOf(pointsIn(points), shape_type);
    if (polygon === null) continue;
    const name = textIn(label, 'the label of a shape');
    const hasGroup = typeof group_id === 'number';
    const key = hasGroup ? JSON.stringify([name, group_id]) : shape;
    const number = hasGroup && Number.isInteger(group_id) && group_id > 0 ? group_id : null;
    const group = groups.get(key) ?? { label: name, number, polygons: [] };
    groups.set(key, group);
    group.polygons.push(polygon);
  }
  return {
    name: baseName(textIn(imagePath, 'imagePath')),
    size,
    objects: [...groups.values()].map(({ label, number, polygons }) => ({
      mask: rasterise(polygons, size),
      label: label === UNLABELLED ? null : label,
      labelOrigin: 'user',
      number,
    })),
  };
}

type Point = readonly [number, number];

const pointsIn = (value: unknown): readonly Point[] =>
  listIn(value, 'the points of a shape').map((point) => {
    const [x, y] = listIn(point, 'a point').map(Number);
    return [x ?? NaN, y ?? NaN];
  });

const CIRCLE_CORNERS = 360;

/** Null where a shape has no area. */
function outlineOf(points: readonly Point[], kind: unknown): readonly number[] | null {
  const [first, second] = points;
  if (points.flat().some((value) => !Number.isFinite(value))) return null;
  if (kind === undefined || kind === 'polygon') return points.length < 3 ? null : points.flat();
  if (first === undefined || second === undefined) return null;
  const [x0, y0] = first;
  const [x1, y1] = second;
  if (kind === 'rectangle') return [x0, y0, x1, y0, x1, y1, x0, y1];
  if (kind !== 'circle') return null;
  const radius = Math.hypot(x1 - x0, y1 - y0);
  return Array.from({ length: CIRCLE_CORNERS }, (_, index) => (2 * Math.PI * index) / CIRCLE_CORNERS).flatMap(
    (angle) => [x0 + radius * Math.cos(angle), y0 + radius * Math.sin(angle)],
  );
}
