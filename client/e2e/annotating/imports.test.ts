/** Annotations that the page exported, and merged objects: masks as the beginning of an object. */
import { beforeEach, describe, expect, it } from 'vitest';
import { iou } from '../masks';
import type { PageUnderTest } from '../browser';
import { useStage } from '../stage';

const stage = useStage();
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.visit();
  await user.openSample('coffee.jpg');
  await user.click({ x: 0.5, y: 0.3 });
  await user.page.getByRole('combobox', { name: 'Label of object 1' }).fill('cup');
  await user.page.keyboard.press('Enter');
});

const FILES = {
  COCO: 'annotations.coco.json',
  YOLO: 'yolo.zip',
  LabelMe: 'labelme.zip',
  Masks: 'masks.zip',
  'Masks by object': 'masks-by-object.zip',
} as const;

describe('annotations', () => {
  it.each(Object.entries(FILES))(
    'in %s are read back as objects that clicks go on with',
    async (format, name) => {
      const [before] = await user.objects();
      const file = await user.exportAs(format);
      await user.button('Clear').click();
      await user.openFile({ name, mimeType: 'application/octet-stream', buffer: file });
      await expect
        .poll(async () => (await user.objects())[0]?.mask ?? null, { timeout: 60_000 })
        .not.toBeNull();
      const [after] = await user.objects();
      expect([after?.label, after?.label_origin]).toEqual(['cup', 'user']);
      expect(before?.mask && after?.mask ? iou(before.mask, after.mask) : 0).toBeGreaterThanOrEqual(0.99);
      await user.page.getByRole('button', { name: /^Select object \d+$/ }).click();
      const count = await user.answered();
      await user.press({ x: 0.2, y: 0.8 });
      await user.waitForAnswers(count + 1);
      expect((await user.objects())[0]?.prompts.map(({ kind }) => kind)).toEqual(['mask', 'click']);
    },
  );

  it('that are damaged are answered by a message', async () => {
    await user.openFile({ name: 'a.zip', mimeType: 'application/zip', buffer: Buffer.from('no zip at all') });
    await user.status.getByText('The annotations in this file cannot be read').waitFor();
  });

  it('of a format that is not read are told from photos', async () => {
    const buffer = await user.exportAs('CVAT');
    await user.openFile({ name: 'annotations.cvat.xml', mimeType: 'text/xml', buffer });
    await user.status
      .getByText(/annotations\.cvat\.xml: the annotations in this file cannot be read/)
      .waitFor();
  });
});

it('M makes one object of two', async () => {
  await user.canvas.focus();
  await user.page.keyboard.press('n');
  const [first] = await user.objects();
  const second = await user.click({ x: 0.15, y: 0.9 });
  await user.page.keyboard.press('m');
  await expect.poll(async () => (await user.objects())[0]?.prompts[0]?.kind).toBe('mask');
  await expect.poll(async () => (await user.objects())[0]?.mask ?? null, { timeout: 60_000 }).not.toBeNull();
  const [merged, ...others] = await user.objects();
  expect([merged?.label, others]).toEqual(['cup', []]);
  const area = (mask: typeof second.mask): number =>
    mask?.counts.reduce((sum, count, index) => sum + (index % 2 === 1 ? count : 0), 0) ?? 0;
  expect(area(merged?.mask ?? null)).toBeGreaterThanOrEqual(
    Math.max(area(first?.mask ?? null), area(second.mask)),
  );
});
