/** Annotation files of other tools -> a project, by what is in the file. */
import { unzipSync } from 'fflate';
import { fromCoco, isCoco } from './coco';
import {
  baseName,
  isPlain,
  listIn,
  plainIn,
  refuseFile,
  textIn,
  toImported,
  type Imported,
  type ImportedPhoto,
  type KnownPhoto,
} from './imported';
import { fromLegend, fromMasks, legendIn } from './labelMap';
import { fromLabelMe, isLabelMe } from './labelMe';
import { fromYolo } from './yolo';

type Bytes = Uint8Array<ArrayBuffer>;

/** COCO or LabelMe; null: something else. */
export function fromJson(json: unknown): Imported | null {
  const photos = photosIn(json);
  return photos === null ? null : toImported(photos);
}

function photosIn(json: unknown): readonly ImportedPhoto[] | null {
  if (isCoco(json)) return fromCoco(json);
  return isLabelMe(json) ? [fromLabelMe(json)] : null;
}

/** A label map with its legend in it; null: a picture like others. */
export async function fromPng(file: Blob): Promise<Imported | null> {
  const legend = await legendIn(file);
  return legend === null ? null : toImported([fromLegend(legend, await bytesOf(file))]);
}

const bytesOf = async (file: Blob): Promise<Bytes> => new Uint8Array(await file.arrayBuffer());

/** Bytes of all files of a ZIP that are read here. */
const MAX_UNPACKED = 2 ** 29;
const NAMES = /\.(json|txt|ya?ml|png)$/i;

/** What `Export` writes as ZIP, and the like of other tools. */
export async function fromZip(zip: Blob, photos: readonly KnownPhoto[]): Promise<Imported> {
  const files = unpacked(await bytesOf(zip));
  const text = (path: string): string => new TextDecoder().decode(files.get(path));
  const paths = [...files.keys()];
  const json = new Map(
    paths.filter((path) => /\.json$/i.test(path)).map((path) => [path, JSON.parse(text(path)) as unknown]),
  );
  const legend = [...json].find(([path]) => baseName(path) === 'legend.json')?.[1];
  if (legend !== undefined) return toImported(fromLegends(legend, files));
  const found = [...json.values()].flatMap((value) => photosIn(value) ?? []);
  if (found.length > 0) return toImported(found);
  const labels = paths.filter((path) => /(^|\/)labels\/.*\.txt$/i.test(path));
  const yaml = paths.find((path) => /\.ya?ml$/i.test(path));
  if (labels.length === 0) refuseFile('no annotations in the ZIP that are read here');
  const texts = new Map(labels.map((path) => [path, text(path)]));
  return toImported(fromYolo(texts, yaml === undefined ? '' : text(yaml), photos));
}

function unpacked(zip: Bytes): ReadonlyMap<string, Bytes> {
  let bytes = 0;
  const entries = unzipSync(zip, {
    filter: ({ name, originalSize }) => {
      if (!NAMES.test(name) || name.startsWith('__MACOSX/')) return false;
      bytes += originalSize;
      return bytes <= MAX_UNPACKED || refuseFile('the ZIP holds too much');
    },
  });
  return new Map(Object.entries(entries) as [string, Bytes][]);
}

const fromLegends = (legend: unknown, files: ReadonlyMap<string, Bytes>): readonly ImportedPhoto[] =>
  listIn(plainIn(legend, 'the legend').photos, 'photos').map((photo) => {
    const pngOf = (name: string): Bytes => files.get(name) ?? refuseFile(`${name} is not in the ZIP`);
    const map = isPlain(photo) ? photo.label_map : undefined;
    return map === undefined ? fromMasks(photo, pngOf) : fromLegend(photo, pngOf(textIn(map, 'label_map')));
  });
