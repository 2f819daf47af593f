/** What annotation files of other tools say, and how it becomes a project. */
import { Failure } from '../shared/errors';
import { PROJECT_FORMAT, PROTOCOL_VERSION } from '../shared/reading/versions';
import type { CocoRle, LabelOrigin, Project, SizeHw } from '../shared/types';

export interface ImportedObject {
  readonly mask: CocoRle;
  readonly label: string | null;
  readonly labelOrigin: LabelOrigin | null;
  /** In the list of objects, where the file says it. */
  readonly number: number | null;
  /** Of the thing that it is with objects of other photos, where the file says it. */
  readonly track?: number;
}

export interface ImportedPhoto {
  readonly name: string;
  readonly size: SizeHw;
  readonly objects: readonly ImportedObject[];
  /** What of the file makes no mask, a word or two each: "line". */
  readonly leftOut?: readonly string[];
}

/** What a file of annotations holds. */
export interface Imported {
  readonly project: Project;
  /** What is left out, for the user; null: nothing. */
  readonly remark: string | null;
}

export const toImported = (photos: readonly ImportedPhoto[]): Imported => ({
  project: toProject(photos),
  remark: remarkOn(photos.flatMap(({ leftOut }) => leftOut ?? [])),
});

/** "Left out, since they make no mask: 2 point, 1 line" */
function remarkOn(leftOut: readonly string[]): string | null {
  const kinds = [...new Set(leftOut)];
  const counts = kinds.map((kind) => `${leftOut.filter((other) => other === kind).length} ${kind}`);
  return counts.length === 0 ? null : `Left out, since they make no mask: ${counts.join(', ')}`;
}

/** A photo that is open, for files that do not say how large theirs are. */
export interface KnownPhoto {
  readonly name: string;
  readonly size: SizeHw;
}

/** Every object begins with its mask, whole; clicks go on from there. */
const toProject = (photos: readonly ImportedPhoto[]): Project => ({
  type: 'project',
  protocol_version: PROTOCOL_VERSION,
  format: PROJECT_FORMAT,
  images: photos.map(({ name, size, objects }) => ({
    name,
    size_hw: [size.height, size.width],
    key: null,
    objects: objects.map(({ mask, label, labelOrigin, number, track }) => ({
      prompts: [{ kind: 'mask', size: mask.size, counts: mask.counts }],
      mask,
      label,
      score: null,
      timings: {},
      ...(number !== null && { number }),
      ...(track !== undefined && { track }),
      ...(labelOrigin !== null && { label_origin: labelOrigin }),
    })),
  })),
});

export const refuseFile = (message: string): never => {
  throw new Failure({ kind: 'project', what: 'annotations-unreadable', message });
};

/** Without the folders before it, of whichever system. */
export const baseName = (path: string): string => path.split(/[/\\]/).at(-1) ?? path;

export const stemOf = (name: string): string => baseName(name).replace(/(?<=.)\.[^.]*$/, '');

type Plain = Readonly<Record<string, unknown>>;

export const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const listIn = (value: unknown, what: string): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : refuseFile(`${what} is no list`);

export const plainIn = (value: unknown, what: string): Plain =>
  isPlain(value) ? value : refuseFile(`${what} is no object`);

export const textIn = (value: unknown, what: string): string =>
  typeof value === 'string' ? value : refuseFile(`${what} is no text`);

/** A side of a picture. */
export function sideIn(value: unknown, what: string): number {
  const isSide = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_SIDE;
  return isSide ? value : refuseFile(`${what} is no number of pixels`);
}

const MAX_SIDE = 65_535;

/** Coordinates [x0, y0, x1, y1, ...] of a polygon; null: these are none. */
export function polygonIn(value: unknown): readonly number[] | null {
  const isPolygon =
    Array.isArray(value) &&
    value.length >= 6 &&
    value.length % 2 === 0 &&
    value.every((coordinate) => typeof coordinate === 'number' && Number.isFinite(coordinate));
  return isPolygon ? (value as readonly number[]) : null;
}
