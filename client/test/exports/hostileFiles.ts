/** What the page makes of the hostile session: the bytes of every file by its name. */
import { annotated, type AnnotatedPhoto } from '../../src/exports/annotated';
import { toCoco } from '../../src/exports/coco';
import { jsonBlob } from '../../src/exports/download';
import { toCvat } from '../../src/exports/cvat';
import { toGeoJson } from '../../src/exports/geoJson';
import { toLabelMe } from '../../src/exports/labelMe';
import { toLabelStudio } from '../../src/exports/labelStudio';
import { labelMap, labelMaps, objectMasks } from '../../src/exports/masks';
import { toPascalVoc } from '../../src/exports/pascalVoc';
import { toYolo } from '../../src/exports/yolo';
import { maskPng } from '../../src/exports/png';
import { toProject } from '../../src/session/project';
import { HOSTILE_NAMES, hostileSession, largeSession } from './hostileSession';

export async function hostileFiles(): Promise<Record<string, Uint8Array>> {
  const session = hostileSession();
  const { photos } = annotated(session);
  const { photos: large } = annotated(largeSession());
  const [first] = photos;
  const [object] = first?.objects ?? [];
  if (first === undefined || object === undefined) throw new Error('the session is empty');
  const project = toProject(session, {
    keyOf: () => null,
    digestOf: () => 'ab'.repeat(32),
    timingsOf: () => ({ total: 7 }),
  });
  const files: Record<string, Blob> = {
    'coco.json': jsonBlob(toCoco(photos, { segmentation: 'rle', useGuesses: false })),
    'guesses.json': jsonBlob(toCoco(photos, { segmentation: 'rle', useGuesses: true })),
    'polygons.json': jsonBlob(toCoco(photos, { segmentation: 'polygons', useGuesses: false })),
    'yolo.zip': await toYolo(photos, { useGuesses: false }),
    'pascal-voc.zip': await toPascalVoc(photos, { useGuesses: false }),
    'labelme.zip': await toLabelMe(photos, { useGuesses: false }),
    'geojson.zip': await toGeoJson(photos, { useGuesses: false }),
    'cvat.xml': toCvat(photos, { useGuesses: false }),
    'label-studio.zip': await toLabelStudio(photos, { useGuesses: false }),
    'masks.zip': await labelMaps(photos),
    'one.png': await maskPng(object.mask),
    'large-number.png': await labelMap({ ...first, objects: [{ ...object, number: 300 }] }),
    'project.json': jsonBlob(project),
    'truth.json': jsonBlob({ photos: photos.map(truthOf), large: large.map(truthOf), names: HOSTILE_NAMES }),
    'large-yolo.zip': await toYolo(large, { useGuesses: false }),
    'large-polygons.json': jsonBlob(toCoco(large, { segmentation: 'polygons', useGuesses: false })),
    'large-loose.json': jsonBlob(
      toCoco(large, { segmentation: 'polygons', useGuesses: false, tolerance: 1 }),
    ),
    'masks-by-object.zip': await objectMasks(photos),
    'large-labelme.zip': await toLabelMe(large, { useGuesses: false }),
  };
  const bytes = Object.entries(files).map(
    async ([name, blob]) => [name, new Uint8Array(await blob.arrayBuffer())] as const,
  );
  return Object.fromEntries(await Promise.all(bytes));
}

/** Pixels as the page has them: run lengths, column by column, written by the page's own tested writer. */
const truthOf = ({ name, fileName, size, objects }: AnnotatedPhoto): unknown => ({
  name,
  file_name: fileName,
  size_hw: [size.height, size.width],
  objects: objects.map(({ number, mask, label, labelOrigin }) => ({
    number,
    counts: mask.counts,
    label,
    labelOrigin,
  })),
});
