/** The kinds of prompts, a row each: everything that the page does differently for one than for another. */
import {
  boolean,
  check,
  integer,
  known,
  mapping,
  number,
  pair,
  required,
  sequence,
  text,
  type Fields,
  type Reader,
} from '../reading/fields';
import { cocoRleOf } from '../reading/cocoRle';
import {
  MAX_DIMENSION,
  MAX_MASK_PIXELS,
  MAX_NAME_BYTES,
  MAX_SMOOTHING,
  MAX_STROKE_POINTS,
  MAX_TEXT_BYTES,
} from '../reading/limits';
import type { RepairItem } from '../generated';
import { refuse } from '../reading/refusal';
import type { CocoRle, Extent, LabelledPoint, PointXy, PromptItem, PromptKind } from '../types';
import type { Mark } from './marks';
import { resample, type Xy } from './polyline';
import { boxPoints, cornersOf, polygonPoints, type Canvas, type RegionRules } from './regions';

export interface PromptRow<Item extends PromptItem> {
  /** From a message or a saved project. */
  read(fields: Fields, where: string): Item;
  /** What has to lie in the part of the image that is embedded. */
  places(item: Item): readonly Xy[];
  /** For the decoder, image frame. */
  points(item: Item, canvas: Canvas, rules: RegionRules): readonly LabelledPoint[];
  /** On the canvas, from back to front. */
  draw(item: Item): readonly Mark[];
}

type PromptTable = {
  readonly [Kind in PromptKind]: PromptRow<Extract<PromptItem, { readonly kind: Kind }>>;
};

const label: Reader<0 | 1> = (value, where) => {
  const read = integer(value, where);
  return read === 0 || read === 1 ? read : refuse('invalid-value', `${where}: must be 1 or 0, got ${read}`);
};

/** Of a box or polygon; 1 may be left out, and is left out. */
function regionLabel(fields: Fields, where: string): { readonly label?: 0 } {
  const read = !Object.hasOwn(fields, 'label') ? 1 : required(fields, 'label', label, where);
  return read === 0 ? { label: read } : {};
}

const EXTENTS: readonly Extent[] = ['smaller', 'larger'];

/** Of a click: which answer is meant, where it is not the first. */
function extentOf(fields: Fields, where: string): { readonly extent?: Extent } {
  if (!Object.hasOwn(fields, 'extent')) return {};
  const name = required(fields, 'extent', text(MAX_NAME_BYTES), where);
  const extent = EXTENTS.find((one) => one === name);
  check(extent !== undefined, `${where}: extent must be one of ${EXTENTS.join(', ')}, got ${name}`);
  return extent === undefined ? {} : { extent };
}

/** Absent where it is not one, as it is written. */
const hintOf = (fields: Fields, where: string): { readonly hint?: true } =>
  Object.hasOwn(fields, 'hint') && required(fields, 'hint', boolean, where) ? { hint: true } : {};

const strokePoints = sequence(pair(number), MAX_STROKE_POINTS);

/** Points of a mask: without any, one click may lose the object. */
const MASK_POINTS = 4;

/** A few pixels of a mask, spread over it column by column. */
function maskPoints({ size: [height], counts }: CocoRle): readonly LabelledPoint[] {
  const area = counts.reduce((sum, count, index) => sum + (index % 2) * count, 0);
  const few = Math.min(area, MASK_POINTS);
  const ranks = Array.from({ length: few }, (_, k) => Math.floor(((k + 0.5) * area) / few));
  let [position, passed] = [0, 0];
  return counts.flatMap((count, index) => {
    const start = position;
    position += count;
    if (index % 2 === 0) return [];
    const before = passed;
    passed += count;
    return ranks
      .filter((rank) => rank >= before && rank < passed)
      .map((rank) => {
        const place = start + rank - before;
        return { x: Math.floor(place / height) + 0.5, y: (place % height) + 0.5, label: 1 } as const;
      });
  });
}

const toPoint = ([x, y]: Xy): PointXy => ({ x, y });

const METHODS: readonly RepairItem['method'][] = ['fill-holes', 'remove-specks', 'smooth'];

export const PROMPTS: PromptTable = {
  click: {
    read: (fields, where) => ({
      kind: 'click',
      x: required(fields, 'x', number, where),
      y: required(fields, 'y', number, where),
      label: required(fields, 'label', label, where),
      ...extentOf(fields, where),
    }),
    places: ({ x, y }) => [[x, y]],
    points: ({ x, y, label }) => [{ x, y, label }],
    draw: ({ x, y, label }) => [{ shape: 'disc', at: { x, y }, label }],
  },
  box: {
    read: (fields, where) => {
      const [x0, y0] = [required(fields, 'x0', number, where), required(fields, 'y0', number, where)];
      const [x1, y1] = [required(fields, 'x1', number, where), required(fields, 'y1', number, where)];
      check(x0 < x1 && y0 < y1, `${where}: a box must have x0 < x1 and y0 < y1`);
      return { kind: 'box', x0, y0, x1, y1, ...regionLabel(fields, where) };
    },
    places: cornersOf,
    points: (item, canvas, rules) => boxPoints(item, canvas, rules.box),
    draw: (item) => [
      {
        shape: 'line',
        points: cornersOf(item).map(toPoint),
        label: item.label ?? 1,
        isClosed: true,
        isDashed: true,
      },
    ],
  },
  scribble: {
    read: (fields, where) => {
      const points_xy = required(fields, 'points_xy', strokePoints, where);
      const read = { kind: 'scribble', points_xy, label: required(fields, 'label', label, where) } as const;
      check(points_xy.length >= 1, `${where}: a scribble needs at least one point`);
      return read;
    },
    places: ({ points_xy }) => points_xy,
    points: ({ points_xy, label }, { step }) =>
      resample(points_xy, step, 'open').map(({ x, y }) => ({ x, y, label })),
    draw: ({ points_xy, label }) => [{ shape: 'line', points: points_xy.map(toPoint), label }],
  },
  polygon: {
    read: (fields, where) => {
      const points_xy = required(fields, 'points_xy', strokePoints, where);
      check(points_xy.length >= 3, `${where}: a polygon needs at least three points`);
      return { kind: 'polygon', points_xy, ...regionLabel(fields, where) };
    },
    places: ({ points_xy }) => points_xy,
    points: (item, canvas, rules) => polygonPoints(item, canvas, rules.polygon),
    draw: ({ points_xy, label = 1 }) => [
      { shape: 'line', points: points_xy.map(toPoint), label, isClosed: true },
    ],
  },
  text: {
    read: (fields, where) => {
      const words = required(fields, 'text', text(MAX_TEXT_BYTES), where);
      check(words.trim() !== '', `${where}: a text prompt must not be blank`);
      return { kind: 'text', text: words };
    },
    places: () => [],
    points: () => [],
    draw: () => [],
  },
  paint: {
    read: (fields, where) => {
      const points_xy = required(fields, 'points_xy', strokePoints, where);
      const radius = required(fields, 'radius', number, where);
      const read = {
        kind: 'paint',
        points_xy,
        radius,
        label: required(fields, 'label', label, where),
      } as const;
      check(points_xy.length >= 1, `${where}: a stroke needs at least one point`);
      check(
        radius > 0 && radius <= MAX_DIMENSION,
        `${where}: radius must be above 0, at most ${MAX_DIMENSION}`,
      );
      return read;
    },
    places: () => [],
    points: () => [],
    draw: ({ points_xy, radius, label }) => [
      { shape: 'brush', points: points_xy.map(toPoint), radius, label },
    ],
  },
  mask: {
    read: (fields, where) => ({ kind: 'mask', ...cocoRleOf(fields, where), ...hintOf(fields, where) }),
    places: () => [],
    points: (item) => (item.hint === true ? [] : maskPoints(item)),
    draw: () => [],
  },
  repair: {
    read: (fields, where) => {
      const method = known(
        required(fields, 'method', text(MAX_NAME_BYTES), where),
        METHODS,
        `${where}.method`,
      );
      const size = required(fields, 'size', integer, where);
      const most = method === 'smooth' ? MAX_SMOOTHING : MAX_MASK_PIXELS;
      check(size >= 1 && size <= most, `${where}: size of ${method} must be within 1 to ${most}`);
      return { kind: 'repair', method, size };
    },
    places: () => [],
    points: () => [],
    draw: () => [],
  },
};

export const PROMPT_KINDS = Object.keys(PROMPTS) as readonly PromptKind[];

/** The row of an item. */
export const rowOf = ({ kind }: PromptItem): PromptRow<PromptItem> => PROMPTS[kind];

/** A prompt of any kind. */
export const readPromptItem: Reader<PromptItem> = (value, where) => {
  const fields = mapping(value, where);
  const name = required(fields, 'kind', text(MAX_NAME_BYTES), where);
  return PROMPTS[known(name, PROMPT_KINDS, `${where}.kind`)].read(fields, where);
};
