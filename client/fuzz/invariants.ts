/** What always holds, as one table. An invariant says what is wrong, or null. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { iou } from '../e2e/masks';
import { maskFromRle } from '../src/shared/rle';
import { REPOSITORY } from '../e2e/programs';
import type { CocoRle, Project } from '../src/shared/types';
import { essence, frontState } from './exports';
import type { Dice } from './random';
import type { Shown, World } from './world';

export interface Invariant {
  readonly name: string;
  /** Checked after this number of actions, again and again; `calm`: when nothing is held, hidden by a dialog or out of reach. */
  readonly every: number | 'calm';
  readonly holds: (world: World, dice: Dice) => Promise<string | null>;
}

/** What no sentence for users contains. */
const FOR_DEVELOPERS =
  /\b(undefined|NaN|null|Infinity)\b|\[object |\w+Error\b|Exception|Traceback|\bat \S+\.js|-s[A-Z]{2,}|HTTP \d|status \d{3}|ERR_|urn:|\bort\b|wasm:|\bindex \d+ out/;

/** Longer than anything takes on a busy machine; the waits between tries of a request add up to half a minute. */
export const WAIT_MILLISECONDS = 120_000;

/** Longer than any mask takes to become sharp. */
const SHARP_MILLISECONDS = 3000;

const LARGEST_HEAP = 400;
const LARGEST_RENDERER = 1500;

const ajv = new Ajv({ allErrors: true });
const schema = JSON.parse(readFileSync(join(REPOSITORY, 'proto/schema/project.json'), 'utf8')) as object;
const fitsSchema = ajv.compile(schema);

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

const first = (found: readonly string[]): string | null => found[0] ?? null;

async function noFaults({ user, complaints }: World): Promise<string | null> {
  return Promise.resolve(first([...user.faults, ...complaints]));
}

async function wordsForUsers(world: World): Promise<string | null> {
  const { status, words } = await world.shown();
  return first(
    [status, words]
      .flatMap((text) => FOR_DEVELOPERS.exec(text)?.[0] ?? [])
      .map((found) => `the page says “${found}”: ${status}`),
  );
}

async function listMatchesProject(world: World): Promise<string | null> {
  let wrong: string | null = null;
  // The list is drawn a moment after its objects change.
  for (let attempt = 0; attempt < 5; attempt++) {
    wrong = listDiffers(await world.shown());
    if (wrong === null) return null;
    await pause(200);
  }
  return wrong;
}

function listDiffers({ objects, inProject }: Shown): string | null {
  const numbers = objects.map(({ number }) => number);
  if (new Set(numbers).size !== numbers.length) return `two objects have one number: ${numbers.join(' ')}`;
  if (numbers.some((number) => !Number.isInteger(number) || number < 1))
    return `numbers ${numbers.join(' ')}`;
  const inList = objects.filter(({ hasPrompts }) => hasPrompts).map(({ number }) => number);
  if (inProject.join() === inList.join()) return null;
  return `the list shows objects ${inList.join(' ')}, project() has ${inProject.join(' ')}`;
}

async function projectFitsSchema(world: World): Promise<string | null> {
  const project = await world.project();
  if (fitsSchema(project) !== true) return ajv.errorsText(fitsSchema.errors);
  return first(project.images.flatMap((image) => masksThatDoNotFit(image)));
}

function masksThatDoNotFit({ name, size_hw, objects }: Project['images'][number]): string[] {
  return objects.flatMap(({ mask }, index) => {
    if (mask === null) return [];
    const pixels = mask.counts.reduce((sum, count) => sum + count, 0);
    const fits = mask.size.join() === size_hw.join() && pixels === size_hw[0] * size_hw[1];
    return fits ? [] : [`the mask of object ${index} does not cover ${name}`];
  });
}

async function undoThenRedo(world: World): Promise<string | null> {
  const before = essence(await world.project());
  const undo = await world.press('[aria-label="Undo"]');
  if (undo === null) return null;
  const between = await world.project();
  if ((await world.press('[aria-label="Redo"]')) === null) return 'what was undone cannot be redone';
  await settleAnswers(world);
  const after = essence(await world.project());
  world.count('undo then redo');
  return before === after
    ? null
    : `undo then redo is not the identity: ${difference(before, after)} (between: ${essence(between).slice(0, 200)})`;
}

function difference(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return `“${a.slice(Math.max(0, at - 60), at + 80)}” became “${b.slice(Math.max(0, at - 60), at + 80)}”`;
}

async function memoryBounded(world: World): Promise<string | null> {
  const { heap, renderer } = await world.memory();
  world.note('heap', heap);
  world.note('renderer', renderer);
  if (heap > LARGEST_HEAP) return `the page's JavaScript holds ${heap.toFixed(0)} MB`;
  return renderer > LARGEST_RENDERER ? `the renderer holds ${renderer.toFixed(0)} MB` : null;
}

/** Wait until nothing is waited for; what still is after the limit, or null. */
export async function settleAnswers(world: World, limit = WAIT_MILLISECONDS): Promise<string | null> {
  const deadline = Date.now() + limit;
  // What was asked for by the last press is only waited for once it is drawn.
  await world.drawn();
  for (;;) {
    const { waiting } = await world.shown();
    if (waiting.length === 0) return untilSharp(world);
    if (Date.now() > deadline) return `after ${limit / 1000} s it still waits: ${waiting.join('; ')}`;
    await pause(50);
  }
}

/** Masks on the photo that is shown are none until they have its edges; those that failed stay none. */
async function untilSharp(world: World): Promise<null> {
  const deadline = Date.now() + SHARP_MILLISECONDS;
  while (Date.now() < deadline && (await frontState(world))?.lacksMask === true) await pause(50);
  return null;
}

/** Every photo, one after the other: what failed is tried again, and all that waits comes to its end. */
async function nothingWaitsForEver(world: World): Promise<string | null> {
  const { photos } = await world.shown();
  for (let k = 0; k < photos; k++) {
    await world.press('[aria-label="Photos"] > li > button:first-child', k / photos + 1e-6);
    await settleAnswers(world);
    await world.press('.progress.failed button');
    await settleAnswers(world);
    await world.press('.chip.retry');
    const left = await settleAnswers(world);
    if (left !== null) return `${left} (${(await world.shown()).status})`;
  }
  return settleAnswers(world);
}

/** Pixels that browser and server may see differently, however small the mask is. */
const BORDER_PIXELS = 6;
/**
 * How far the page may move an edge of the server's mask, pixels of the input: it has the photo, and the server only
 * its embedding.
 */
const EDGE_PIXELS = 6;
/** Of photos for which no other is chosen. */
const USUAL_CANVAS = 384;

async function serverAgrees(world: World, dice: Dice): Promise<string | null> {
  const project = await world.project();
  const found = project.images.flatMap(({ name, key, canvas, objects }) =>
    objects.flatMap(({ prompts, mask, roi_xywh = null }) => {
      const isSent =
        key !== null && mask !== null && roi_xywh === null && prompts.every(({ kind }) => kind !== 'text');
      return isSent ? [{ name, key, canvas: canvas ?? USUAL_CANVAS, mask, prompts }] : [];
    }),
  );
  const sample = found[Math.floor(dice.fraction() * found.length)];
  if (sample === undefined) return null;
  const { name, key, canvas, prompts, mask } = sample;
  const response = await fetch(`${world.stage.url}/v1/decode`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key, prompts }),
  });
  if (!response.ok)
    return `/v1/decode answered ${response.status}: ${await response.text()} on ${name} for ${JSON.stringify(prompts)}`;
  const answer = (await response.json()) as { objects: { mask: CocoRle }[] };
  const theirs = answer.objects[0]?.mask;
  if (theirs === undefined) return '/v1/decode gave no mask';
  world.count('replayed by the server');
  const overlap = iou(mask, theirs);
  const isClose = overlap >= 0.99 || pixelsBeside(mask, theirs, canvas) <= BORDER_PIXELS;
  return isClose ? null : `IoU ${overlap.toFixed(4)} on ${name} for ${JSON.stringify(prompts)}`;
}

/** Pixels on which two masks differ that lie far from every edge of the second. */
function pixelsBeside(a: CocoRle, b: CocoRle, canvas: number): number {
  const [height, width] = b.size;
  const [ours, theirs] = [maskFromRle(a), maskFromRle(b)];
  const reach = Math.ceil((EDGE_PIXELS * Math.max(height, width, canvas)) / canvas);
  let count = 0;
  ours.forEach((value, at) => {
    const x = at % width;
    const y = Math.floor(at / width);
    if (value !== theirs[at] && !hasEdge(theirs, { width, height, x, y, reach })) count++;
  });
  return count;
}

interface Around {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
  readonly reach: number;
}

/** Whether both values are found within the reach of a pixel. */
function hasEdge(mask: Uint8Array, { width, height, x, y, reach }: Around): boolean {
  const value = mask[y * width + x];
  for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); row++) {
    const [from, to] = [row * width + Math.max(0, x - reach), row * width + Math.min(width - 1, x + reach)];
    for (let at = from; at <= to; at++) if (mask[at] !== value) return true;
  }
  return false;
}

export const INVARIANTS: readonly Invariant[] = [
  { name: 'no error that the page does not handle', every: 1, holds: noFaults },
  { name: 'words are for users', every: 5, holds: wordsForUsers },
  { name: 'the list is what project() says', every: 7, holds: listMatchesProject },
  { name: 'project() fits the schema', every: 10, holds: projectFitsSchema },
  { name: 'nothing waits for ever', every: 'calm', holds: nothingWaitsForEver },
  { name: 'undo then redo changes nothing', every: 'calm', holds: undoThenRedo },
  { name: 'the server gives the same masks', every: 'calm', holds: serverAgrees },
  { name: 'memory is bounded', every: 'calm', holds: memoryBounded },
];
