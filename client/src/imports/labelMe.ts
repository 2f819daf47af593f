/** LabelMe JSON -> a photo with objects: shapes of one group are one object. */
import { UNLABELLED } from '../exports/categories';
import { painted, runsOf } from '../shared/prompt/brush';
import { RunWriter } from '../shared/rle';
import type { CocoRle, SizeHw } from '../shared/types';
import {
  baseName,
  isPlain,
  listIn,
  plainIn,
  refuseFile,
  sideIn,
  textIn,
  type ImportedPhoto,
} from './imported';
import { readLabelMap, type LabelMap } from './pngReader';
import { rasterise } from '../shared/prompt/rasterise';

export const isLabelMe = (json: unknown): boolean =>
  isPlain(json) && Array.isArray(json.shapes) && 'imagePath' in json;

interface Group {
  readonly label: string;
  readonly number: number | null;
  readonly masks: CocoRle[];
}

/** Polygons, rectangles, circles and masks; what has no area is left out, and told. */
export function fromLabelMe(json: unknown): ImportedPhoto {
  const { shapes, imagePath, imageHeight, imageWidth } = plainIn(json, 'the file');
  const size = { height: sideIn(imageHeight, 'imageHeight'), width: sideIn(imageWidth, 'imageWidth') };
  const groups = new Map<unknown, Group>();
  const leftOut: string[] = [];
  for (const shape of listIn(shapes, 'shapes')) {
    const { label, group_id, points, shape_type = 'polygon', mask: picture } = plainIn(shape, 'a shape');
    const mask = maskOf({ points: pointsIn(points), kind: shape_type, picture }, size);
    if (mask === null) {
      leftOut.push(typeof shape_type === 'string' ? shape_type.slice(0, 40) : 'of no kind');
      continue;
    }
    const name = textIn(label, 'the label of a shape');
    const hasGroup = typeof group_id === 'number';
    const key = hasGroup ? JSON.stringify([name, group_id]) : shape;
    const number = hasGroup && Number.isInteger(group_id) && group_id > 0 ? group_id : null;
    const group = groups.get(key) ?? { label: name, number, masks: [] };
    groups.set(key, group);
    group.masks.push(mask);
  }
  return {
    name: baseName(textIn(imagePath, 'imagePath')),
    size,
    objects: [...groups.values()].map(({ label, number, masks }) => ({
      mask: masks.reduce((all, mask) => painted(all, runsOf(mask), 1)),
      label: label === UNLABELLED ? null : label,
      labelOrigin: 'user',
      number,
    })),
    leftOut,
  };
}

type Point = readonly [number, number];

interface Shape {
  readonly points: readonly Point[];
  readonly kind: unknown;
  /** Base64 of a PNG, of shapes that are masks. */
  readonly picture: unknown;
}

const pointsIn = (value: unknown): readonly Point[] =>
  listIn(value, 'the points of a shape').map((point) => {
    const [x, y] = listIn(point, 'a point').map(Number);
    return [x ?? NaN, y ?? NaN];
  });

/** Null where a shape has no area. */
function maskOf({ points, kind, picture }: Shape, size: SizeHw): CocoRle | null {
  if (points.flat().some((value) => !Number.isFinite(value))) return null;
  if (kind === 'mask') return maskIn(points, pictureIn(picture), size);
  const polygon = outlineOf(points, kind);
  return polygon === null ? null : rasterise([polygon], size);
}

const CIRCLE_CORNERS = 360;

function outlineOf(points: readonly Point[], kind: unknown): readonly number[] | null {
  const [first, second] = points;
  if (kind === 'polygon') return points.length < 3 ? null : points.flat();
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

function pictureIn(value: unknown): LabelMap {
  try {
    return readLabelMap(Uint8Array.from(atob(textIn(value, 'the mask')), (letter) => letter.charCodeAt(0)));
  } catch (error) {
    return refuseFile(`a shape is a mask, but its picture cannot be read: ${String(error)}`);
  }
}

/** What is not 0 in a picture whose first and last pixels are the two points. */
function maskIn(points: readonly Point[], picture: LabelMap, { height, width }: SizeHw): CocoRle {
  const [[x0, y0], [x1, y1]] = cornersOf(points);
  const isFilled = x1 - x0 + 1 === picture.width && y1 - y0 + 1 === picture.height;
  if (!isFilled)
    refuseFile(
      `the mask of a shape has ${picture.width} x ${picture.height} pixels, ` +
        `its box ${x1 - x0 + 1} x ${y1 - y0 + 1}`,
    );
  const runs = new RunWriter();
  const [begin, end] = [Math.min(Math.max(y0, 0), height), Math.min(Math.max(y1 + 1, 0), height)];
  for (let x = 0; x < width; x++) {
    const isIn = x >= x0 && x <= x1 && end > begin;
    runs.push(false, isIn ? begin : height);
    if (!isIn) continue;
    for (let y = begin; y < end; y++) {
      runs.push(picture.values[(y - y0) * picture.width + x - x0] !== 0, 1);
    }
    runs.push(false, height - end);
  }
  return runs.finish({ height, width });
}

/** The upper left and the lower right pixel. */
function cornersOf(points: readonly Point[]): readonly [Point, Point] {
  if (points.length !== 2) return refuseFile('the mask of a shape needs two points, the corners of its box');
  const along = (axis: 0 | 1): readonly number[] =>
    points.map((point) => Math.trunc(point[axis])).sort((a, b) => a - b);
  const [[x0 = 0, x1 = 0], [y0 = 0, y1 = 0]] = [along(0), along(1)];
  return [
    [x0, y0],
    [x1, y1],
  ];
}
