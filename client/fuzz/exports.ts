/** Exports: what comes down holds the masks that the page shows. */
import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import type { Download } from 'playwright-core';
import { maskFromRle, rleArea } from '../src/shared/rle';
import type { CocoRle, Project } from '../src/shared/types';
import { readPngFile } from './png';
import type { Dice } from './random';
import type { Shown, World } from './world';

/** What there is to compare a file with. */
interface Front {
  readonly project: Project;
  /** The open photos; an opened project may hold others that still wait for theirs. */
  readonly open: Project['images'];
  /** Index of the photo that is shown. */
  readonly index: number;
}

type Check = (file: Buffer, name: string, front: Front) => string | null;
type Objects = Project['images'][number]['objects'];

const objectsOf = ({ open, index }: Front): Objects => open[index]?.objects ?? [];

const equal = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

const numberIn = (name: string): number => Number(/(\d+)\.png$/.exec(name)?.[1]);

/** A picture of one object: the file's name tells which. */
const checkMask =
  (channel: number): Check =>
  (file, name, front) => {
    const png = readPngFile(file);
    const mask = objectsOf(front).find(({ number }) => number === numberIn(name))?.mask;
    if (mask == null) return `${name} is of no object that is shown`;
    const values = png.samples.filter((_, index) => index % png.channels === channel % png.channels);
    const inside = values.map((value) => (value === 0 ? 0 : 255));
    return equal(inside, maskFromRle(mask, 255)) ? null : `${name} is not the mask of the object`;
  };

const checkLabelMap: Check = (file, name, front) => labelMapDiffers(file, name, objectsOf(front));

function labelMapDiffers(file: Buffer, name: string, objects: Objects): string | null {
  const { samples } = readPngFile(file);
  const wanted = new Uint8Array(samples.length);
  for (const { number, mask } of objects) {
    if (mask === null) continue;
    maskFromRle(mask).forEach((inside, index) => {
      if (inside === 1) wanted[index] = number ?? 0;
    });
  }
  return equal(samples, wanted) ? null : `${name} does not hold the numbers of the list`;
}

/** All label maps, in the order of the photos that have masks. */
const checkMasks: Check = (file, name, { open }) => {
  const files = unzipSync(file);
  const legend = JSON.parse(Buffer.from(files['legend.json'] ?? []).toString()) as {
    photos: readonly { label_map: string }[];
  };
  const masked = open.filter(({ objects }) => objects.some(({ mask }) => mask !== null));
  const maps = legend.photos.map(({ label_map }) => label_map);
  if (new Set(maps).size !== maps.length) return `${name} names two label maps alike`;
  const differing = maps.flatMap(
    (map, k) => labelMapDiffers(Buffer.from(files[map] ?? []), map, masked[k]?.objects ?? []) ?? [],
  );
  return maps.length === masked.length ? (differing[0] ?? null) : `${name}: ${maps.length} photos`;
};

interface CocoFile {
  readonly images: readonly { readonly file_name: string }[];
  readonly annotations: readonly { readonly segmentation: unknown; readonly area: number }[];
}

const isRle = (value: unknown): value is CocoRle =>
  typeof value === 'object' && value !== null && 'counts' in value && Array.isArray(value.counts);

const checkCoco: Check = (file, name, { open }) => {
  const { images, annotations } = JSON.parse(file.toString()) as CocoFile;
  const names = images.map((image) => image.file_name);
  if (new Set(names).size !== names.length) return `${name} names two photos alike: ${names.join(', ')}`;
  const wanted = open
    .flatMap(({ objects }) => objects.flatMap(({ mask }) => mask ?? []))
    .filter((mask) => rleArea(mask) > 0);
  const found = annotations.map(({ segmentation }) => segmentation);
  if (found.length !== wanted.length) return `${name}: ${found.length} masks, shown are ${wanted.length}`;
  const differing = found.filter((mask, k) => isRle(mask) && !equal(mask.counts, wanted[k]?.counts ?? []));
  return differing.length === 0 ? null : `${name}: ${differing.length} masks are not those shown`;
};

const checkProject: Check = (file, name, { project }) =>
  essence(JSON.parse(file.toString()) as Project) === essence(project) ? null : `${name} is not project()`;

interface Checked {
  readonly check: Check;
  /** Of the file's name. */
  readonly ending: string;
}

/** By the name of the format; others only have to come. */
const CHECKS: Readonly<Record<string, Checked>> = {
  COCO: { check: checkCoco, ending: 'annotations.coco.json' },
  'COCO (polygons)': { check: checkCoco, ending: 'annotations.polygons.coco.json' },
  Masks: { check: checkMasks, ending: 'masks.zip' },
  'Label map': { check: checkLabelMap, ending: '.png' },
  Mask: { check: checkMask(0), ending: '.png' },
  'Cut-out': { check: checkMask(3), ending: '.png' },
  Project: { check: checkProject, ending: '.splitseem.json' },
};

/** A project without what may change while nothing happens: how long drawing took. */
export const essence = (project: Project): string =>
  JSON.stringify(project, (key, value: unknown) => (key === 'timings' ? undefined : value));

async function look(world: World): Promise<Front> {
  const [project, index, { photos }] = [await world.project(), await frontPhoto(world), await world.shown()];
  return { project, open: project.images.slice(0, photos), index };
}

/** Index of the photo that is shown. */
const frontPhoto = (world: World): Promise<number> =>
  world.page.evaluate(() =>
    [...document.querySelectorAll('[aria-label="Photos"] > li')].findIndex(
      (row) => row.querySelector('[aria-current=true]') !== null,
    ),
  );

/** Of the photo that is shown; without the rest of the project, which grows all day. */
export interface FrontState {
  readonly size_hw: readonly [number, number];
  readonly lacksMask: boolean;
}

export async function frontState(world: World): Promise<FrontState | null> {
  const index = await frontPhoto(world);
  return world.page.evaluate((index) => {
    const { splitseem } = globalThis as unknown as { splitseem: { project(): Project } };
    const image = splitseem.project().images[index];
    if (image === undefined) return null;
    return { size_hw: image.size_hw, lacksMask: image.objects.some(({ mask }) => mask === null) };
  }, index);
}

/** While something waits, masks change under the export. */
const isQuiet = (shown: Shown): boolean => shown.waiting.length === 0;

/** Export in one of the formats that can be saved, and compare what comes with what is shown. */
export async function checkExport(world: World, dice: Dice): Promise<string | null> {
  const part = dice.fraction();
  if ((await world.press('[aria-label="Export"][aria-haspopup]')) === null) return null;
  const format = await world.press('[aria-label="Format"] > :not(.disabled) label', part);
  if (format === null) return null;
  const before = await look(world);
  const isStill = isQuiet(await world.shown());
  const checked = CHECKS[format];
  const download = await saved(world, checked?.ending ?? '');
  if (download === null) {
    world.complaints.push(`export as ${format}: no file came`);
    return format;
  }
  const [name, file] = [download.suggestedFilename(), readFileSync(await download.path())];
  if (name.endsWith('.splitseem.json')) keep(world, name, file);
  const isSame = essence(before.project) === essence((await look(world)).project);
  if (checked === undefined || !isStill || !isSame) return `${format}, not compared`;
  world.count(`export as ${format}`);
  const wrong = checked.check(file, name, before);
  if (wrong !== null) world.complaints.push(`export as ${format}: ${wrong}`);
  return format;
}

/** A file that an Enter in the dialog asked for before may come meanwhile; it is of another name. */
async function saved(world: World, ending: string): Promise<Download | null> {
  const predicate = (download: Download): boolean => download.suggestedFilename().endsWith(ending);
  const coming = world.page.waitForEvent('download', { predicate, timeout: 60_000 }).catch(() => null);
  await world.press('dialog.export button[type=submit]');
  return coming;
}

const MOST_SAVED = 4;

function keep({ savedProjects }: World, name: string, buffer: Buffer): void {
  savedProjects.push({ name, mimeType: 'application/json', buffer });
  if (savedProjects.length > MOST_SAVED) savedProjects.shift();
}
