/** A random user of the page: plans, runs, and shortens what failed. */
import { ACTIONS, type Action } from './actions';
import { INVARIANTS, type Invariant } from './invariants';
import { Dice } from './random';
import { World, type Stage } from './world';

/** One action of a plan: its name, and the seed of its dice. */
export interface Step {
  readonly name: string;
  readonly seed: number;
}

export interface Broken {
  readonly invariant: string;
  readonly what: string;
}

export interface Outcome {
  /** The actions that were possible, in their order. */
  readonly done: readonly Step[];
  /** A line for each. */
  readonly log: readonly string[];
  readonly broken: Broken | null;
  /** How often what was compared, and the largest figures. */
  readonly counts: ReadonlyMap<string, number>;
  readonly figures: ReadonlyMap<string, number>;
  readonly seconds: number;
  /** Seconds that each action and each invariant took. */
  readonly spent: ReadonlyMap<string, number>;
}

/** After this number of actions the user pauses, and all that needs calm is checked. */
const ACTIONS_BETWEEN_CALMS = 60;

/** A page that does not answer a single action in this time hangs. */
const ACTION_MILLISECONDS = 120_000;

/** Endless actions, as the seed has them. */
export function* planOf(seed: number): Generator<Step> {
  const dice = new Dice(seed);
  const total = ACTIONS.reduce((sum, { weight }) => sum + weight, 0);
  for (;;) {
    let at = dice.between(0, total);
    const action = ACTIONS.find(({ weight }) => (at -= weight) < 0) ?? ACTIONS[0];
    yield { name: action?.name ?? '', seed: dice.seed() };
  }
}

export const writePlan = (steps: readonly Step[]): string =>
  steps.map(({ name, seed }) => `${name.replaceAll(' ', '_')}:${seed}`).join(' ');

export const readPlan = (text: string): readonly Step[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => {
      const [name = '', seed = ''] = word.split(':');
      return { name: name.replaceAll('_', ' '), seed: Number(seed) };
    });

/** Act until `count` actions were possible, the plan ends, or an invariant is broken. */
export async function run(stage: Stage, plan: Iterable<Step>, count: number): Promise<Outcome> {
  const [done, log]: [Step[], string[]] = [[], []];
  const started = Date.now();
  const world = await World.visit(stage);
  let broken: Broken | null = null;
  try {
    for (const step of plan) {
      if (done.length >= count || broken !== null) break;
      const did = await act(world, step);
      if (did === null) continue;
      done.push(step);
      log.push(`${done.length} ${step.name}${did === '' ? '' : ` (${did})`}`);
      broken = await check(world, step, done.length);
    }
    broken ??= await calmly(world, new Dice(count));
  } catch (thrown) {
    broken = { invariant: 'the page answers', what: String(thrown) };
  } finally {
    await world.leave();
  }
  const seconds = (Date.now() - started) / 1000;
  return { done, log, broken, counts: world.counts, figures: world.figures, seconds, spent: world.seconds };
}

async function act(world: World, { name, seed }: Step): Promise<string | null> {
  const action: Action | undefined = ACTIONS.find((candidate) => candidate.name === name);
  if (action === undefined) throw new Error(`no action is called ${name}`);
  return world.timed(name, () => withLimit(action.run(world, new Dice(seed)), `${name} (seed ${seed})`));
}

async function withLimit<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no end of: ${what}`));
    }, ACTION_MILLISECONDS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function check(world: World, { seed }: Step, count: number): Promise<Broken | null> {
  const due = INVARIANTS.filter(({ every }) => every !== 'calm' && count % every === 0);
  const broken = await firstBroken(world, new Dice(seed), due);
  if (broken !== null || count % ACTIONS_BETWEEN_CALMS !== 0) return broken;
  return calmly(world, new Dice(seed));
}

async function firstBroken(world: World, dice: Dice, due: readonly Invariant[]): Promise<Broken | null> {
  for (const { name, holds } of due) {
    const what = await world.timed(name, () => holds(world, dice));
    if (what !== null) return { invariant: name, what };
  }
  return null;
}

/** Let go of everything and bring the server back, then check everything. */
async function calmly(world: World, dice: Dice): Promise<Broken | null> {
  await withLimit(world.calmDown(), 'calming down');
  return firstBroken(world, dice, [...INVARIANTS].sort(byCalm));
}

/** First what waits until all is answered. */
const byCalm = (a: Invariant, b: Invariant): number =>
  Number(b.every === 'calm') - Number(a.every === 'calm');

/**
 * A shorter plan that breaks the same invariant: parts are left out as long as it still breaks (delta debugging).
 */
export async function shorten(
  steps: readonly Step[],
  breaks: (steps: readonly Step[]) => Promise<boolean>,
  deadline: number,
): Promise<readonly Step[]> {
  let kept = steps;
  for (let parts = 2; kept.length > 1 && parts <= kept.length;) {
    const size = Math.ceil(kept.length / parts);
    let shorter: readonly Step[] | null = null;
    for (let at = 0; at < kept.length && shorter === null; at += size) {
      if (Date.now() >= deadline) return kept;
      const without = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await breaks(without)) shorter = without;
    }
    if (shorter !== null) {
      kept = shorter;
      parts = Math.max(2, parts - 1);
    } else {
      if (size === 1) break;
      parts = Math.min(kept.length, 2 * parts);
    }
  }
  return kept;
}
