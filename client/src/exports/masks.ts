/** Annotated photos -> label maps, one or all, with a legend that says which number is which object. */
import { objectColour } from '../canvas/palette';
import type { AnnotatedObject, AnnotatedPhoto } from './annotated';
import type { CategoryOptions } from './categories';
import { labelMapPng, maskPng } from './png';
import { zipOf } from './zip';

type Coloured = Pick<CategoryOptions, 'colours'>;

interface Legend {
  readonly file_name: string;
  readonly original_name?: string;
  readonly label_map: string;
  readonly objects: readonly LegendEntry[];
}

interface LegendEntry {
  /** Value of the object's pixels. */
  readonly number: number;
  /** As the user or the model named it; `label_origin` says who. */
  readonly label: string | null;
  readonly label_origin: string | null;
  readonly guess: string | null;
  readonly area: number;
}

export const labelMapName = ({ stem }: AnnotatedPhoto): string => `${stem}-labels.png`;

/** In the colours of classes; `colours` are those that the user chose. */
export function labelMap(photo: AnnotatedPhoto, { colours = {} }: Coloured = {}): Promise<Blob> {
  const { objects, size } = photo;
  const masks = objects.map(({ number, mask, label, labelOrigin }) => ({
    number,
    mask,
    colour: objectColour({ number, userLabel: labelOrigin === 'user' ? label : null }, colours),
  }));
  return labelMapPng([size.height, size.width], masks, JSON.stringify(legendOf(photo)));
}

/** A ZIP of the label maps of all photos that have masks, and of their legends in `legend.json`. */
export async function labelMaps(photos: readonly AnnotatedPhoto[], options: Coloured = {}): Promise<Blob> {
  const masked = photos.filter(({ objects }) => objects.length > 0);
  const legend = JSON.stringify({ photos: masked.map(legendOf) }, null, 1);
  const files = new Map<string, string | Blob>([['legend.json', legend]]);
  for (const photo of masked) files.set(labelMapName(photo), await labelMap(photo, options));
  return zipOf(files);
}

export const maskName = ({ stem }: AnnotatedPhoto, { number }: AnnotatedObject): string =>
  `${stem}-mask-${number}.png`;

/** A ZIP with a picture for each object, 255 inside and 0 outside, and a legend of them in `legend.json`. */
export async function objectMasks(photos: readonly AnnotatedPhoto[]): Promise<Blob> {
  const masked = photos.filter(({ objects }) => objects.length > 0);
  const legends = masked.map((photo) => ({
    ...legendOf(photo),
    label_map: undefined,
    objects: photo.objects.map((object) => ({ ...entryOf(object), mask: maskName(photo, object) })),
  }));
  const files = new Map<string, string | Blob>([
    ['legend.json', JSON.stringify({ photos: legends }, null, 1)],
  ]);
  for (const photo of masked)
    for (const object of photo.objects) files.set(maskName(photo, object), await maskPng(object.mask));
  return zipOf(files);
}

const legendOf = (photo: AnnotatedPhoto): Legend => ({
  file_name: photo.fileName,
  ...(photo.name !== photo.fileName && { original_name: photo.name }),
  label_map: labelMapName(photo),
  objects: photo.objects.map(entryOf),
});

const entryOf = ({ number, label, labelOrigin, guess, area }: AnnotatedObject): LegendEntry => ({
  number,
  label,
  label_origin: labelOrigin,
  guess,
  area,
});
