import { strFromU8, unzipSync } from 'fflate';
import { expect, it } from 'vitest';
import type { AnnotatedPhoto } from '../../src/exports/annotated';
import { toCoco } from '../../src/exports/coco';
import { toCvat } from '../../src/exports/cvat';
import { toLabelStudio } from '../../src/exports/labelStudio';
import { labelMaps } from '../../src/exports/masks';
import { toLabelMe } from '../../src/exports/labelMe';

const object = (number: number, group?: number) => ({
  ...({
    id: `o${number}`,
    number,
    mask: { size: [2, 3], counts: [number, 1, 5 - number] },
    area: 1,
  } as const),
  ...({ label: 'dog', labelOrigin: 'user', guess: null, guessScore: null } as const),
  ...(group !== undefined && { group }),
  attributes: { colour: 'brown & <black>', tame: true },
});

const PHOTOS: readonly AnnotatedPhoto[] = [
  {
    ...{ id: 'i', name: 'a.jpg', fileName: 'a.jpg', stem: 'a', size: { height: 2, width: 3 } },
    objects: [object(1), object(2, 1), object(3, 1)],
  },
];

const OPTIONS = {
  useGuesses: false,
  attributes: [
    { class: 'dog', name: 'colour', kind: 'select', values: ['brown & <black>', 'white'] },
    { class: 'dog', name: 'tame', kind: 'checkbox' },
  ],
} as const;

it('groups and attributes are where COCO, CVAT and LabelMe have them', async () => {
  const coco = toCoco(PHOTOS, { ...OPTIONS, segmentation: 'rle' });
  expect(coco.annotations[1]?.attributes).toEqual({
    ...{ colour: 'brown & <black>', tame: true, number: 2, label_origin: 'user', group: 1 },
  });
  const cvat = await toCvat(PHOTOS, OPTIONS).text();
  expect(cvat).toContain('<input_type>select</input_type>');
  expect(cvat).toContain('<attribute name="colour">brown &amp; &lt;black&gt;</attribute>');
  expect(cvat).toContain('<attribute name="tame">true</attribute>');
  expect(cvat.match(/group_id="1"/g)).toHaveLength(2);
  const files = unzipSync(new Uint8Array(await (await toLabelMe(PHOTOS, OPTIONS)).arrayBuffer()));
  const file = JSON.parse(strFromU8(files['a.json'] ?? new Uint8Array())) as {
    shapes: Record<string, unknown>[];
  };
  expect(file.shapes.map(({ group_id }) => group_id)).toEqual([1, 2, 2]);
  expect(file.shapes[0]).toMatchObject({ flags: { tame: true }, description: 'colour: brown & <black>' });
});

it('a colour that the user chose is that of the class in CVAT, Label Studio and label maps', async () => {
  const options = { ...OPTIONS, classes: ['dog', 'cat'], colours: { dog: '#0a80ff' } };
  const cvat = await toCvat(PHOTOS, options).text();
  expect(cvat).toContain('<name>dog</name>\n<color>#0a80ff</color>');
  expect(cvat).toMatch(/<name>cat<\/name>\n<color>#[0-9a-f]{6}<\/color>/);
  const studio = unzipSync(new Uint8Array(await (await toLabelStudio(PHOTOS, options)).arrayBuffer()));
  expect(strFromU8(studio['config.xml'] ?? new Uint8Array())).toContain('value="dog" background="#0a80ff"');
  const maps = unzipSync(new Uint8Array(await (await labelMaps(PHOTOS, options)).arrayBuffer()));
  const png = Buffer.from(maps['a-labels.png'] ?? []);
  const palette = png.subarray(png.indexOf('PLTE') + 4);
  expect([...palette.subarray(0, 6)]).toEqual([0, 0, 0, 10, 128, 255]);
});
