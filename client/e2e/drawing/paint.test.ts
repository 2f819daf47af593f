/** Pixels by hand: the brush alone, among clicks, by the keyboard, in exports and after a reload. */
import { beforeEach, describe, expect, it } from 'vitest';
import { applyEdits, emptyMask, isEdit } from '../../src/shared/prompt/edits';
import { maskFromRle, rleArea, rleContains } from '../../src/shared/rle';
import type { CocoRle, ProjectObject } from '../../src/shared/types';
import type { PageUnderTest } from '../browser';
import { iou } from '../masks';
import { useStage } from '../stage';

const SAMPLE = 'coffee.jpg';

const stage = useStage();
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.visit();
  await user.openSample(SAMPLE);
});

const tool = (name: string): Promise<void> => user.page.getByRole('radio', { name }).check({ force: true });

async function drag(...places: readonly (readonly [number, number])[]): Promise<void> {
  const before = await user.answered();
  for (const [index, [x, y]] of places.entries()) {
    const at = await user.toScreen({ x, y });
    await user.page.mouse.move(at.x, at.y, { steps: 4 });
    if (index === 0) await user.page.mouse.down();
  }
  await user.page.mouse.up();
  await user.waitForAnswers(before + 1);
}

function maskOf(object: ProjectObject | undefined): CocoRle {
  if (object?.mask == null) throw new Error('the object has no mask');
  return object.mask;
}

/** What the strokes of an object make of a mask. */
function withStrokes(mask: CocoRle, { prompts }: ProjectObject): CocoRle {
  return applyEdits(mask, prompts.filter(isEdit));
}

/** Whether a place, 0 to 1 of the photo's sides, is in a mask. */
const holds = (mask: CocoRle, x: number, y: number): boolean =>
  rleContains(mask, x * mask.size[1], y * mask.size[0]);

describe('a brush alone', () => {
  it('makes an object of the pixels under its strokes, without a request', async () => {
    const requests: string[] = [];
    user.page.on('request', (request) => requests.push(request.url()));
    await tool('Paint');
    await drag([0.3, 0.3], [0.5, 0.3], [0.5, 0.5]);
    await tool('Erase');
    await drag([0.4, 0.2], [0.4, 0.4]);
    const [object] = await user.objects();
    const mask = maskOf(object);
    expect(object?.prompts.map((prompt) => 'label' in prompt && prompt.label)).toEqual([1, 0]);
    const [height, width] = mask.size;
    expect(mask).toEqual(object && withStrokes(emptyMask({ height, width }), object));
    expect([holds(mask, 0.35, 0.3), holds(mask, 0.4, 0.3), holds(mask, 0.5, 0.45)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(requests).toEqual([]);
  });

  it('is in exports and after a reload what it was', async () => {
    await tool('Paint');
    await drag([0.3, 0.3], [0.5, 0.35]);
    const before = await user.objects();
    const file = JSON.parse((await user.exportAs('COCO')).toString()) as {
      annotations: { segmentation: CocoRle; area: number }[];
    };
    expect(file.annotations[0]?.segmentation).toEqual(before[0]?.mask);
    expect(file.annotations[0]?.area).toBe(rleArea(maskOf(before[0])));
    await user.page.getByText('Saved', { exact: true }).waitFor();
    await user.page.reload();
    await user.waitForEmbedding();
    await user.waitForAnswers(1);
    const after = await user.objects();
    expect(after.map(({ prompts, mask }) => ({ prompts, mask }))).toEqual(
      before.map(({ prompts, mask }) => ({ prompts, mask })),
    );
  });

  it('is undone stroke by stroke', async () => {
    await tool('Paint');
    await drag([0.3, 0.3], [0.5, 0.3]);
    const first = maskOf((await user.objects())[0]);
    await drag([0.3, 0.5], [0.5, 0.5]);
    await user.button('Undo').click();
    expect(maskOf((await user.objects())[0])).toEqual(first);
  });
});

describe('clicks and strokes on one object', () => {
  it('give what the server gives for them, with every stroke in its place', async () => {
    const clicked = await user.click({ x: 0.5, y: 0.3 });
    await tool('Erase');
    await drag([0.45, 0.45], [0.55, 0.45]);
    await tool('Paint');
    await drag([0.1, 0.1], [0.2, 0.1]);
    const [painted] = await user.objects();
    expect(maskOf(painted)).toEqual(painted && withStrokes(maskOf(clicked), painted));
    await tool('Click');
    const corrected = await user.click({ x: 0.85, y: 0.6 }, 'right');
    const mask = maskOf(corrected);
    expect([holds(mask, 0.5, 0.45), holds(mask, 0.15, 0.1), holds(mask, 0.85, 0.6)]).toEqual([
      false,
      true,
      false,
    ]);
    const key = (await user.project()).images[0]?.key;
    const response = await fetch(`${stage.url}/v1/decode`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ key, prompts: corrected.prompts }),
    });
    const { objects } = (await response.json()) as { objects: { mask: CocoRle }[] };
    const theirs = objects[0]?.mask;
    expect(theirs && iou(mask, theirs)).toBeGreaterThanOrEqual(0.97);
  });

  it('a click against a stroke takes it back', async () => {
    await user.click({ x: 0.5, y: 0.3 });
    await tool('Paint');
    await drag([0.1, 0.1], [0.2, 0.1]);
    await tool('Click');
    const corrected = await user.click({ x: 0.15, y: 0.1 }, 'right');
    expect(holds(maskOf(corrected), 0.15, 0.1)).toBe(false);
    await user.button('Undo').click();
    expect(holds(maskOf((await user.objects())[0]), 0.15, 0.1)).toBe(true);
  });
});

describe('a polygon as it is drawn', () => {
  it('is the mask, is cut out of it by the right button, and is remembered', async () => {
    await user.page.getByRole('radio', { name: 'Polygon' }).check({ force: true });
    await user.page.getByRole('checkbox', { name: 'As drawn' }).check();
    const outline = async (x: number, button: 'left' | 'right'): Promise<void> => {
      const before = await user.answered();
      for (const [dx, dy] of [
        [0, 0],
        [0.2, 0],
        [0.2, 0.4],
        [0, 0.4],
      ] as const)
        await user.press({ x: x + dx, y: 0.3 + dy }, button);
      await user.page.keyboard.press('Enter');
      await user.waitForAnswers(before + 1);
    };
    await outline(0.3, 'left');
    const [height, width] = maskOf((await user.objects())[0]).size;
    const area = rleArea(maskOf((await user.objects())[0]));
    expect(Math.abs(area / (0.08 * width * height) - 1)).toBeLessThan(0.02);
    await outline(0.4, 'right');
    const [object, ...others] = await user.objects();
    expect(others).toEqual([]);
    expect(Math.abs(rleArea(maskOf(object)) / area - 0.5)).toBeLessThan(0.02);
    expect(object?.prompts.map(({ kind }) => kind)).toEqual(['mask', 'mask']);
    await user.page.keyboard.press('Control+z');
    expect(rleArea(maskOf((await user.objects())[0]))).toBe(area);
    await user.page.reload();
    await user.page.getByRole('radio', { name: 'Polygon' }).check({ force: true });
    expect(await user.page.getByRole('checkbox', { name: 'As drawn' }).isChecked()).toBe(true);
  });
});

describe('the keyboard', () => {
  it('paints from Enter to Enter, and sizes the brush', async () => {
    await user.canvas.focus();
    await user.page.keyboard.press('p');
    const size = user.page.getByRole('slider', { name: 'Brush size' });
    const before = Number(await size.inputValue());
    await user.page.keyboard.press(']');
    expect(Number(await size.inputValue())).toBeGreaterThan(before);
    for (const key of ['ArrowRight', 'Enter', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'Enter'])
      await user.page.keyboard.press(key);
    await user.waitForAnswers(1);
    const [object] = await user.objects();
    const [stroke] = object?.prompts ?? [];
    if (stroke?.kind !== 'paint') throw new Error('no stroke');
    expect(stroke.points_xy).toHaveLength(4);
    expect(stroke.label).toBe(1);
    expect(maskFromRle(maskOf(object)).some((value) => value === 1)).toBe(true);
    await user.page.keyboard.press('Backspace');
    expect(await user.objects()).toEqual([]);
  });
});
