/** What the page exports is read back in, and what other tools write. */
import { describe, expect, it } from 'vitest';
import { annotated } from '../../src/exports/annotated';
import { toCoco } from '../../src/exports/coco';
import { toLabelMe } from '../../src/exports/labelMe';
import { labelMap, labelMaps, objectMasks } from '../../src/exports/masks';
import { toYolo } from '../../src/exports/yolo';
import { zipOf } from '../../src/exports/zip';
import * as annotations from '../../src/imports/annotations';
import { countsFromText } from '../../src/imports/coco';
import type { KnownPhoto } from '../../src/imports/imported';
import { rasterise } from '../../src/shared/prompt/rasterise';
import { Failure } from '../../src/shared/errors';
import { isValidRle, maskFromRle, rleArea } from '../../src/shared/rle';
import type { CocoRle, Project } from '../../src/shared/types';
import { hostileSession } from '../exports/hostileSession';

const fromJson = (json: unknown): Project | null => annotations.fromJson(json)?.project ?? null;
const fromPng = async (file: Blob): Promise<Project | null> =>
  (await annotations.fromPng(file))?.project ?? null;
const fromZip = async (zip: Blob, known: readonly KnownPhoto[]): Promise<Project> =>
  (await annotations.fromZip(zip, known)).project;

const { photos } = annotated(hostileSession());
const OPTIONS = { useGuesses: false };
const known = photos.map(({ fileName, size }) => ({ name: fileName, size }));

/** Masks by the photo and the order of its objects; those of no pixel are in no file but label maps. */
const given = photos.map(({ objects }) => objects.filter(({ area }) => area > 0).map(({ mask }) => mask));

const labels = photos.map(({ objects }) =>
  objects
    .filter(({ area }) => area > 0)
    .map(({ label, labelOrigin }) => (labelOrigin === 'user' ? label : null)),
);

const masksOf = (project: Project | null): unknown =>
  project?.images.map(({ objects }) => objects.map(({ mask }) => mask));

const labelsOf = (project: Project | null): unknown =>
  project?.images.map(({ objects }) => objects.map(({ label }) => label));

const iou = (a: CocoRle, b: CocoRle): number => {
  const [one, other] = [maskFromRle(a), maskFromRle(b)];
  const both = one.reduce((sum, inside, index) => sum + (inside & (other[index] ?? 0)), 0);
  return both / (rleArea(a) + rleArea(b) - both);
};

describe('what the page exports', () => {
  it.each(['rle', 'polygons'] as const)('as COCO with %s is read back, mask by mask', (segmentation) => {
    const project = fromJson(toCoco(photos, { ...OPTIONS, segmentation }));
    expect(masksOf(project)).toEqual(given);
    expect(labelsOf(project)).toEqual(labels);
    expect(project?.images.map(({ name }) => name)).toEqual(photos.map(({ name }) => name));
  });

  it('as LabelMe is read back, parts and holes and all', async () => {
    const project = await fromZip(await toLabelMe(photos, OPTIONS), []);
    const byName = new Map(
      project.images.map(({ name, objects }) => [name, objects.map(({ mask }) => mask)]),
    );
    expect(photos.map(({ fileName }) => byName.get(fileName))).toEqual(given);
  });

  it('as YOLO is read back for photos that are open', async () => {
    const project = await fromZip(await toYolo(photos, OPTIONS), known);
    const byName = new Map(project.images.map(({ name, objects }) => [name, objects]));
    for (const [index, { fileName }] of photos.entries()) {
      const objects = byName.get(fileName) ?? [];
      expect(objects).toHaveLength(given[index]?.length ?? 0);
      for (const [at, { mask }] of objects.entries()) {
        const before = given[index]?.[at];
        expect(before && mask && iou(before, mask)).toBeGreaterThanOrEqual(0.99);
      }
    }
  });

  it('as YOLO without the photos says what to do', async () => {
    await expect(fromZip(await toYolo(photos, OPTIONS), [])).rejects.toThrow(/open the photos first/);
  });

  it('as masks is read back where none lies over another', async () => {
    const apart = photos.map((photo) => ({ ...photo, objects: photo.objects.slice(0, 1) }));
    const masked = apart.filter(({ objects }) => objects.length > 0);
    const project = await fromZip(await labelMaps(apart), []);
    expect(masksOf(project)).toEqual(masked.map(({ objects }) => objects.map(({ mask }) => mask)));
    expect(project.images.map(({ name }) => name)).toEqual(masked.map(({ name }) => name));
  });

  it('as masks by object is read back, overlaps, empty masks and all', async () => {
    const masked = photos.filter(({ objects }) => objects.length > 0);
    const project = await fromZip(await objectMasks(photos), []);
    expect(masksOf(project)).toEqual(masked.map(({ objects }) => objects.map(({ mask }) => mask)));
    expect(project.images.map(({ name }) => name)).toEqual(masked.map(({ name }) => name));
  });

  it('as a label map of one photo is read back, of 8 and of 16 bits', async () => {
    const [photo] = photos.filter(({ objects }) => objects.length > 0);
    const [object] = photo?.objects ?? [];
    if (photo === undefined || object === undefined) throw new Error('no object');
    for (const number of [7, 300]) {
      const project = await fromPng(await labelMap({ ...photo, objects: [{ ...object, number }] }));
      expect(project?.images[0]?.objects).toMatchObject([{ mask: object.mask, number }]);
    }
  });

  it('begins every object with its mask, from which clicks go on', () => {
    const [first] = fromJson(toCoco(photos, { ...OPTIONS, segmentation: 'rle' }))?.images ?? [];
    const [object] = first?.objects ?? [];
    expect(object?.prompts).toEqual([{ kind: 'mask', ...object?.mask }]);
  });
});

describe('files of other tools', () => {
  const image = { id: 1, file_name: 'folder/a.jpg', width: 4, height: 3 };
  const cocoOf = (segmentation: unknown): unknown => ({
    images: [image],
    categories: [{ id: 5, name: 'dog' }],
    annotations: [{ id: 1, image_id: 1, category_id: 5, segmentation }],
  });

  it.each([
    ['525', [5, 2, 5]],
    ['525O', [5, 2, 5, 1]],
    ['T3', [100]],
    ['`0', [16]],
  ])('with the run lengths %j, as pycocotools writes them', (text, counts) => {
    expect(countsFromText(text)).toEqual(counts);
  });

  it('with run lengths as text', () => {
    expect(fromJson(cocoOf({ size: [3, 4], counts: '525' }))?.images).toMatchObject([
      { name: 'a.jpg', objects: [{ label: 'dog', mask: { size: [3, 4], counts: [5, 2, 5] } }] },
    ]);
  });

  it('with runs of no length', () => {
    const [read] = fromJson(cocoOf({ size: [3, 4], counts: [3, 0, 2, 2, 5, 0] }))?.images ?? [];
    expect(read?.objects[0]?.mask?.counts).toEqual([5, 2, 5]);
  });

  it('with several polygons are one mask', () => {
    const squares = [
      [0, 0, 1, 0, 1, 1, 0, 1],
      [2, 1, 4, 1, 4, 3, 2, 3],
    ];
    const [read] = fromJson(cocoOf(squares))?.images ?? [];
    expect(read?.objects[0]?.mask).toEqual({ size: [3, 4], counts: [0, 1, 6, 2, 1, 2] });
  });

  it('with boxes alone have no objects', () => {
    expect(fromJson(cocoOf([]))?.images[0]?.objects).toEqual([]);
    expect(fromJson(cocoOf(undefined))?.images[0]?.objects).toEqual([]);
    const { remark } = annotations.fromJson(cocoOf([])) ?? {};
    expect(remark).toBe('Left out, since they make no mask: 1 without a mask');
    expect(annotations.fromJson(cocoOf([[0, 0, 1, 0, 1, 1]]))?.remark).toBeNull();
  });

  it('of LabelMe with rectangles, circles and lines', () => {
    const shape = (shape_type: string, x0: number, y0: number, x1: number, y1: number): unknown => ({
      ...{ label: shape_type, shape_type },
      points: [
        [x0, y0],
        [x1, y1],
      ],
    });
    const shapes = [
      ...[shape('rectangle', 1, 1, 3, 2), shape('circle', 2, 2, 2, 4), shape('line', 0, 0, 4, 4)],
      ...[shape('point', 1, 1, 1, 1), shape('linestrip', 0, 0, 1, 1), shape('line', 1, 1, 2, 2)],
    ];
    const file = { version: '5', shapes, imagePath: '..\\photos\\b.png', imageHeight: 4, imageWidth: 4 };
    const imported = annotations.fromJson(file);
    expect(imported?.remark).toBe('Left out, since they make no mask: 2 line, 1 point, 1 linestrip');
    const [read] = imported?.project.images ?? [];
    expect(read?.name).toBe('b.png');
    expect(read?.objects.map(({ label, mask }) => [label, mask && rleArea(mask)])).toEqual([
      ['rectangle', 2],
      ['circle', 12],
    ]);
  });

  /** Three pixels wide and two high, as labelme and Pillow write it: "101" above "010". */
  const PICTURES = {
    '1 bit a pixel':
      'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR4nGNYwOAAAAIkAOFz6zvyAAAAAElFTkSuQmCC',
    '8 bits a pixel':
      'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR4nGNgZGBkYGBkAAAAFgAEWCCH/wAAAABJRU5ErkJggg==',
  };
  const maskShape = (mask: unknown, points: unknown): unknown => ({
    ...{ version: '7', imagePath: 'm.png', imageHeight: 5, imageWidth: 6 },
    shapes: [{ label: 'dog', shape_type: 'mask', group_id: null, points, mask }],
  });

  it.each(Object.entries(PICTURES))('of LabelMe with masks of %s', (_, mask) => {
    const read = fromJson(maskShape(mask, [[2, 1], [4, 2]]))?.images[0]?.objects[0]; // prettier-ignore
    expect(read).toMatchObject({ label: 'dog', mask: { size: [5, 6], counts: [11, 1, 5, 1, 3, 1, 8] } });
    const turned = fromJson(maskShape(mask, [[4, 2], [2, 1]]))?.images[0]?.objects[0]; // prettier-ignore
    expect(turned?.mask).toEqual(read?.mask);
    const beyond = fromJson(maskShape(mask, [[-1, -1], [1, 0]]))?.images[0]?.objects[0]; // prettier-ignore
    expect(beyond?.mask).toEqual({ size: [5, 6], counts: [0, 1, 29] });
  });

  it.each([
    ['a box of another size', PICTURES['8 bits a pixel'], [[2, 1], [4, 3]], /3 x 2 pixels, its box 3 x 3/],
    ['one point', PICTURES['8 bits a pixel'], [[2, 1]], /two points/],
    ['no picture', null, [[2, 1], [4, 2]], /picture cannot be read/],
    ['a damaged picture', PICTURES['8 bits a pixel'].slice(0, 60), [[2, 1], [4, 2]], /cannot be read/],
    ['no base64', '\u{1f408}', [[2, 1], [4, 2]], /cannot be read/],
  ])('of LabelMe with a mask of %s are refused', (_, mask, points, message) => {
    expect(() => fromJson(maskShape(mask, points))).toThrow(message);
  }); // prettier-ignore

  it('of YOLO with boxes, lines of Windows and classes in a list', async () => {
    const file = await zipOf(
      new Map([
        ['data.yaml', 'train: images\nnames: [\'a cat\', "dog"]\nnc: 2\n'],
        ['labels/train/a.txt', '1 0.5 0.5 0.5 1\r\n0 0 0 1 0 1 1\r\n'],
      ]),
    );
    const project = await fromZip(file, [{ name: 'a.JPG', size: { height: 4, width: 4 } }]);
    const objects = project.images[0]?.objects ?? [];
    expect(objects.map(({ label, mask }) => [label, mask && rleArea(mask)])).toEqual([
      ['dog', 8],
      ['a cat', 6],
    ]);
  });

  const shapeOf = (label: unknown): unknown => ({ label, points: [], shape_type: 'polygon' });

  it.each([
    ['run lengths of another size', cocoOf({ size: [3, 4], counts: [5, 2, 6] })],
    ['a text that is no mask', cocoOf({ size: [3, 4], counts: 'é' })],
    ['an image without a size', { images: [{ id: 1, file_name: 'a' }], annotations: [] }],
    ['a photo without a size', { shapes: [shapeOf('a')], imagePath: 'a' }],
    [
      'points that are none',
      { shapes: [{ label: 'a', points: 3 }], imagePath: 'a', imageHeight: 2, imageWidth: 2 },
    ],
  ])('with %s are refused', (_, file) => {
    expect(() => fromJson(file)).toThrow(Failure);
  });

  it('that are nothing of that are none of these', async () => {
    expect(fromJson({ type: 'project' })).toBeNull();
    expect(fromJson([])).toBeNull();
    expect(await fromPng(new Blob(['\x89PNG\r\n and something else']))).toBeNull();
    await expect(fromZip(await zipOf(new Map([['a.txt', 'x']])), [])).rejects.toThrow(Failure);
  });
});

describe('a polygon', () => {
  const SIZE = { height: 5, width: 6 };

  it('beyond the photo is cut at its edges', () => {
    const mask = rasterise([[-10, -10, 20, -10, 20, 20, -10, 20]], SIZE);
    expect([isValidRle(mask), rleArea(mask)]).toEqual([true, 30]);
  });

  it('that lies over another does not take anything away', () => {
    const square = [1, 1, 4, 1, 4, 4, 1, 4];
    expect(rleArea(rasterise([square, square], SIZE))).toBe(9);
    expect(rleArea(rasterise([square, [2, 0, 6, 0, 6, 5, 2, 5]], SIZE))).toBe(9 + 20 - 6);
  });

  it('of no area is no pixel', () => {
    expect(rasterise([[1, 1, 4, 1, 4, 1]], SIZE)).toEqual({ size: [5, 6], counts: [30] });
  });
});
