/** What the Export dialog does. */
import {
  annotated,
  type Annotated,
  type AnnotatedObject,
  type AnnotatedPhoto,
} from '../../exports/annotated';
import { UNLABELLED, type CategoryOptions } from '../../exports/categories';
import { toCoco, type CocoOptions } from '../../exports/coco';
import { toCvat } from '../../exports/cvat';
import { cutOutPng } from '../../exports/cutOut';
import { download, jsonBlob } from '../../exports/download';
import { toGeoJson } from '../../exports/geoJson';
import { toLabelMe } from '../../exports/labelMe';
import { toLabelStudio } from '../../exports/labelStudio';
import { labelMap, labelMapName, labelMaps, maskName, objectMasks } from '../../exports/masks';
import { outlineLoss } from '../../exports/outlines';
import { toPascalVoc } from '../../exports/pascalVoc';
import { maskPng } from '../../exports/png';
import { toYolo } from '../../exports/yolo';
import { decodeWhole } from '../../pixels/decodePhoto';
import type { Store } from '../state/store';
import * as say from '../wording/later';
import { untilSharp } from '../steps/sharpening';
import { projectOf } from '../steps/projectOf';

export interface ExportOptions extends CategoryOptions {
  /** Whether only the photo on screen is in the file. */
  readonly onlyShown?: boolean;
}

export interface ExportFormat {
  readonly name: string;
  readonly hint: string;
  /** What the file holds; there must be a mask in it, but for the project. */
  readonly scope: 'project' | 'all' | 'photo' | 'object';
  /** Whether names are written as categories. */
  readonly hasCategories?: boolean;
  /** Whether masks are written as outlines. */
  readonly hasOutlines?: boolean;
  readonly run: (source: Source, options: ExportOptions) => Promise<void> | void;
}

interface Source {
  readonly store: Store;
  readonly photos: readonly AnnotatedPhoto[];
  /** The photo that is shown, when it has masks. */
  readonly shown: AnnotatedPhoto | null;
  /** The active object if it has a mask, else the last that has one. */
  readonly selected: AnnotatedObject | null;
}

const coco =
  (segmentation: CocoOptions['segmentation'], name: string) =>
  ({ photos }: Source, options: ExportOptions): void => {
    download(name, jsonBlob(toCoco(photos, { ...options, segmentation })));
  };

type ToFile = (photos: readonly AnnotatedPhoto[], options: ExportOptions) => Promise<Blob> | Blob;

/** A format of all photos that has names as categories. */
const ofAll = (
  name: string,
  hint: string,
  fileName: string,
  toFile: ToFile,
  hasOutlines = false,
): ExportFormat => ({
  name,
  hint,
  scope: 'all',
  ...{ hasCategories: true, hasOutlines },
  run: async ({ photos }, options) => download(fileName, await toFile(photos, options)),
});

export const EXPORT_FORMATS: readonly ExportFormat[] = [
  {
    name: 'COCO',
    hint: 'run lengths, exact; what pycocotools reads',
    scope: 'all',
    hasCategories: true,
    run: coco('rle', 'annotations.coco.json'),
  },
  {
    name: 'COCO (polygons)',
    hint: 'outlines along the pixels, holes joined by a cut; for tools that read no run lengths',
    scope: 'all',
    ...{ hasCategories: true, hasOutlines: true },
    run: coco('polygons', 'annotations.polygons.coco.json'),
  },
  ofAll(
    'YOLO',
    'a ZIP with a text file each; one polygon an object, its parts and holes joined by cuts',
    'yolo.zip',
    toYolo,
    true,
  ),
  ofAll(
    'Pascal VOC',
    'a ZIP with boxes, and maps by class and by object; where masks overlap the later one wins',
    'pascal-voc.zip',
    toPascalVoc,
  ),
  {
    name: 'Masks',
    hint: 'a ZIP with a label map each, and a legend of the numbers',
    scope: 'all',
    run: async ({ photos }, options) => download('masks.zip', await labelMaps(photos, options)),
  },
  {
    name: 'Masks by object',
    hint: 'a ZIP with a PNG for each object, 255 inside, 0 outside, and a legend',
    scope: 'all',
    run: async ({ photos }) => download('masks-by-object.zip', await objectMasks(photos)),
  },
  ofAll(
    'LabelMe',
    'a ZIP with a JSON file each; parts of an object are shapes of one group, holes joined by a cut',
    'labelme.zip',
    toLabelMe,
    true,
  ),
  ofAll(
    'GeoJSON',
    'a ZIP with a file each for QuPath and others: polygons with holes, in pixels',
    'geojson.zip',
    toGeoJson,
    true,
  ),
  ofAll('CVAT', 'one XML of CVAT for images 1.1: masks, exact', 'annotations.cvat.xml', toCvat),
  ofAll(
    'Label Studio',
    'a ZIP with tasks and a configuration: brushes, exact',
    'label-studio.zip',
    toLabelStudio,
  ),
  {
    name: 'Label map',
    hint: 'this photo as PNG: the value of a pixel is the number in the list, its name stands inside as text',
    scope: 'photo',
    run: async ({ shown }, options) => {
      if (shown !== null) download(labelMapName(shown), await labelMap(shown, options));
    },
  },
  {
    name: 'Mask',
    hint: 'selected object as PNG: 255 inside, 0 outside',
    scope: 'object',
    run: async ({ shown, selected }) => {
      if (shown === null || selected === null) return;
      download(maskName(shown, selected), await maskPng(selected.mask));
    },
  },
  {
    name: 'Cut-out',
    hint: 'selected object as PNG on a transparent ground',
    scope: 'object',
    run: async ({ store, shown, selected }) => {
      const photo = shown && store.photos.value.get(shown.id)?.photo;
      if (!photo || selected === null) return;
      const whole = await decodeWhole(photo.file);
      download(`${shown.stem}-cut-out-${selected.number}.png`, await cutOutPng(whole, selected.mask));
      whole.close();
    },
  },
  {
    name: 'Project',
    hint: 'prompts, masks and names, to be opened here again',
    scope: 'project',
    run: ({ store }) => download('project.splitseem.json', jsonBlob(projectOf(store))),
  },
];

/** Why a format cannot be saved now; null when it can. */
export function whyNotExport({ scope }: ExportFormat, source: Source): string | null {
  if (scope === 'project') return null;
  if (source.photos.every(({ objects }) => objects.length === 0)) return say.noMaskYet;
  return scope !== 'all' && source.selected === null ? say.noMaskHere : null;
}

export function exportSource(store: Store, { photos }: Annotated): Source {
  const image = store.activeImage.value;
  const shown = photos.find(({ id, objects }) => id === image?.id && objects.length > 0) ?? null;
  const active = image?.document.activeObject;
  const selected = shown?.objects.find(({ id }) => id === active) ?? shown?.objects.at(-1) ?? null;
  return { store, photos, shown, selected };
}

/** Objects whose name is only a guess. */
export const countGuesses = (photos: readonly AnnotatedPhoto[]): number =>
  photos.flatMap(({ objects }) => objects).filter(({ labelOrigin }) => labelOrigin === 'model').length;

/** Formats that have groups and attributes of objects, each in its way. */
const WITH_MARKS: ReadonlySet<string> = new Set([
  ...['COCO', 'COCO (polygons)', 'LabelMe', 'GeoJSON', 'CVAT', 'Label Studio'],
]);

/** What the user should know of a file, a sentence each. */
export function remarksOn(
  format: ExportFormat,
  exported: Annotated,
  { useGuesses, tolerance = 0 }: ExportOptions,
): string[] {
  const { photos, remarks } = exported;
  if (format.scope === 'project') return [];
  const objects = photos.flatMap((photo) => photo.objects);
  const empty = format.hasCategories === true ? objects.filter(({ area }) => area === 0).length : 0;
  const guesses = format.hasCategories === true ? countGuesses(photos) : 0;
  const isMarked = ({ group, attributes }: AnnotatedObject): boolean => (group ?? attributes) !== undefined;
  const marked = WITH_MARKS.has(format.name) || format.scope !== 'all' ? 0 : objects.filter(isMarked).length;
  return [
    ...remarks,
    ...(format.hasOutlines === true && tolerance > 0 ? [lossOf(photos, tolerance)] : []),
    ...(marked > 0 ? [say.marksLost(marked)] : []),
    ...(empty > 0 ? [say.emptyLeftOut(empty)] : []),
    ...(guesses > 0 && !useGuesses ? [say.unconfirmed(guesses, UNLABELLED)] : []),
    ...(guesses > 0 && useGuesses ? [say.guessesUsed(guesses)] : []),
  ];
}

function lossOf(photos: readonly AnnotatedPhoto[], tolerance: number): string {
  const { iou, measured, objects } = outlineLoss(photos, tolerance);
  // Rounded down: what is said is true.
  return say.outlinesOverlap((Math.floor(1000 * iou) / 10).toFixed(1), measured, objects);
}

/** Without the other photos, where only the one on screen is wanted and the format has a choice. */
export function scopedTo(
  store: Store,
  { scope }: ExportFormat,
  exported: Annotated,
  { onlyShown }: ExportOptions,
): Annotated {
  if (scope !== 'all' || onlyShown !== true) return exported;
  const shown = store.activeImage.value?.id;
  return { ...exported, photos: exported.photos.filter(({ id }) => id === shown) };
}

/** Save a file; what the user should know of it. */
export async function exportAs(
  format: ExportFormat,
  store: Store,
  options: ExportOptions,
): Promise<readonly string[]> {
  await untilSharp(store);
  const exported = scopedTo(store, format, annotated(store.session.value), options);
  const remarks = remarksOn(format, exported, options);
  const { names: classes, attributes = [], colours = {} } = store.session.value.classList;
  await format.run(exportSource(store, exported), { ...options, classes, attributes, colours });
  return remarks;
}
