/**
 * A random user in front of the real page and server. `make fuzz` makes it long.
 *
 * FUZZ_SEEDS: seeds, one run each. FUZZ_ACTIONS: actions a run. FUZZ_PLAN: the actions themselves, as a failure prints them.
 * FUZZ_SHORTEN: seconds for making the plan of a failure shorter. FUZZ_LOG: a file for a line of every action.
 */
import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planOf, readPlan, run, shorten, writePlan, type Outcome, type Step } from '../fuzz/fuzz';
import { settleAnswers } from '../fuzz/invariants';
import { Stage, World } from '../fuzz/world';
import { samplePath } from './browser';

const {
  FUZZ_SEEDS = '1',
  FUZZ_ACTIONS = '200',
  FUZZ_PLAN = '',
  FUZZ_SHORTEN = '0',
  FUZZ_LOG = '',
} = process.env;
const COUNT = Number(FUZZ_ACTIONS);
const SHORTEN_MILLISECONDS = 1000 * Number(FUZZ_SHORTEN);
const LOG_LINES = 40;
const LIMIT = 240_000 + 1000 * COUNT + SHORTEN_MILLISECONDS;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
}, 300_000);

afterAll(async () => {
  await stage.close();
});

/** What a failure says: the last actions, and how to see it again. */
async function report({ broken, log, done }: Outcome): Promise<string> {
  const breaks = async (steps: readonly Step[]): Promise<boolean> =>
    (await run(stage, steps, steps.length)).broken?.invariant === broken?.invariant;
  const short = await shorten(done, breaks, Date.now() + SHORTEN_MILLISECONDS);
  return [
    `broken: ${broken?.invariant ?? ''}: ${broken?.what ?? ''}`,
    ...log.slice(-LOG_LINES),
    `again: make fuzz PLAN='${writePlan(short)}'`,
  ].join('\n');
}

/** What took most of the time. */
const MOST_SHOWN = 8;

const mostOf = (spent: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
  new Map([...spent].sort((a, b) => b[1] - a[1]).slice(0, MOST_SHOWN));

const say = (figures: ReadonlyMap<string, number>): string =>
  [...figures].map(([what, value]) => `${what} ${Math.round(value)}`).join(', ');

const plans: readonly (readonly [string, Iterable<Step>])[] =
  FUZZ_PLAN === ''
    ? FUZZ_SEEDS.split(/[\s,]+/).map((seed) => [`seed ${seed}`, planOf(Number(seed))])
    : [['the plan', readPlan(FUZZ_PLAN)]];

/** Ask the decoder for the mask that takes the place of a draft only after a while. */
const delayMasks = (world: World): Promise<void> =>
  world.page.evaluate((milliseconds) => {
    let steps = 0;
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const send = Worker.prototype.postMessage as (this: Worker, ...args: unknown[]) => void;
    Worker.prototype.postMessage = function (this: Worker, ...args: unknown[]) {
      const isMask = (args[0] as { call: string }).call === 'step' && ++steps > 1;
      setTimeout(
        () => {
          send.apply(this, args);
        },
        isMask ? milliseconds : 0,
      );
    } as typeof send;
  }, 3000);

it('what is compared waits for the mask that takes the place of a draft', async () => {
  const world = await World.visit(stage);
  try {
    await delayMasks(world);
    let sendPhoto = (): void => undefined;
    const given = new Promise<void>((resolve) => {
      sendPhoto = resolve;
    });
    await world.page.route('**/v1/embed', async (route) => {
      await given;
      await route.continue();
    });
    await world.page.locator('input[type=file]').first().setInputFiles(samplePath('chelsea.jpg'));
    await world.user.waitForPhoto();
    await world.user.press({ x: 0.5, y: 0.5 });
    sendPhoto();
    await world.user.waitForEmbedding();
    await world.page.getByText('1 prompt · draft').waitFor();
    expect((await world.user.objects())[0]).toMatchObject({ mask: null, score: null });
    expect(await settleAnswers(world)).toBeNull();
    expect((await world.user.objects())[0]?.mask).not.toBeNull();
  } finally {
    await world.leave();
  }
}, 120_000);

it.each(plans)(
  `%s: ${COUNT} actions of a random user break nothing`,
  // Another try would hide what the first has broken.
  { timeout: LIMIT, retry: 0 },
  async (name, plan) => {
    const outcome = await run(stage, plan, COUNT);
    const { done, seconds, counts, figures, spent, broken } = outcome;
    const rate = (done.length / seconds).toFixed(1);
    console.log(
      `${name}: ${done.length} actions, ${rate} a second; ${say(counts)}; at most ${say(figures)} MB; seconds: ${say(mostOf(spent))}`,
    );
    if (FUZZ_LOG !== '') appendFileSync(FUZZ_LOG, `${name}\n${outcome.log.join('\n')}\n`);
    if (broken === null) return;
    // At once: to make the plan shorter takes long, and other seeds go on.
    console.error(`broken: ${broken.invariant}: ${broken.what}`);
    const said = await report(outcome);
    console.error(said.split('\n').at(-1));
    expect.fail(said);
  },
);
