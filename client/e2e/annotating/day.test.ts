/**
 * A day's work at the page, and Python's account of it. `make day` makes it long.
 *
 * DAY_PHOTOS: photos to work on. DAY_SEED: of what is done on them.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { work, writePhotos } from '../../fuzz/day';
import { Dice } from '../../fuzz/random';
import { Stage, World } from '../../fuzz/world';
import type { CocoRle } from '../../src/shared/types';
import { run, SPLITSEEM } from '../programs';

const { DAY_PHOTOS = '2', DAY_SEED = '1' } = process.env;
const COUNT = Number(DAY_PHOTOS);
const MILLISECONDS_A_PHOTO = 60_000;
const MOST_GROWTH_MB = 200;

const folder = mkdtempSync(join(tmpdir(), 'splitseem-day-'));
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
}, 300_000);

afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

it(
  `of ${COUNT} photos, with reloads and server restarts: the exports are what Python makes of the prompts`,
  { timeout: 240_000 + MILLISECONDS_A_PHOTO * COUNT, retry: 0 },
  async () => {
    const world = await World.visit(stage);
    const dice = new Dice(Number(DAY_SEED));
    const photos = join(folder, 'photos');
    mkdirSync(photos);
    const files = await writePhotos(world.page, photos, COUNT, dice);
    await world.page.locator('input[type=file]').first().setInputFiles(files);
    await world.user.waitForPhoto();
    const before = await world.memory();
    const done = await work(world, COUNT, dice, (line) => {
      console.log(line);
    });
    const after = await world.memory();
    const project = join(folder, 'project.splitseem.json');
    writeFileSync(project, await world.user.exportAs('Project'));
    const { images } = await world.project();
    const masks = images.flatMap(({ objects }) => objects.flatMap(({ mask }) => mask ?? []));
    expect(masks.length).toBeGreaterThanOrEqual(3 * COUNT);

    const coco = JSON.parse((await world.user.exportAs('COCO')).toString()) as {
      annotations: readonly { segmentation: CocoRle }[];
    };
    const isDrawn = ({ counts }: CocoRle): boolean => counts.length > 1;
    const exported = coco.annotations.map(({ segmentation }) => segmentation.counts);
    expect(exported).toEqual(masks.filter(isDrawn).map(({ counts }) => counts));

    const said = await run([SPLITSEEM, 'replay'], [project, photos, '--at-least', '0.99']);
    console.log([...done].map(([what, times]) => `${what} ${times}`).join(', '), '\n', said);
    console.log(
      `heap ${before.heap.toFixed(0)} to ${after.heap.toFixed(0)} MB, renderer ${before.renderer.toFixed(0)} to ${after.renderer.toFixed(0)} MB`,
    );
    expect(world.complaints).toEqual([]);
    expect(world.user.faults).toEqual([]);
    expect(after.heap - before.heap).toBeLessThan(MOST_GROWTH_MB);
    await world.leave();
  },
);
