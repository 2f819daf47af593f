import { strFromU8, unzipSync } from 'fflate';
import { expect, it } from 'vitest';
import type { AnnotatedPhoto } from '../../src/exports/annotated';
import { toCoco } from '../../src/exports/coco';
import { toCvat } from '../../src/exports/cvat';
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
