/** Times contenders in turns, so that whatever else the machine does meets them all alike. */
import { configureRuntime } from '../../src/worker/runtime/ortSession';
import type { Outcome, Plan, Samples } from '../plan';
import { openContender, type Timed } from './contenders';

declare const self: DedicatedWorkerGlobalScope;

self.onmessage = ({ data: plan }: MessageEvent<Plan>) => {
  void answer(plan).then((outcome) => {
    self.postMessage(outcome);
  });
};

async function answer(plan: Plan): Promise<Outcome> {
  const { userAgent, hardwareConcurrency } = self.navigator;
  const { crossOriginIsolated } = self;
  const { threads } = configureRuntime({ crossOriginIsolated, hardwareConcurrency, wanted: plan.threads });
  try {
    return { threads, userAgent, samples: await run(plan), error: null };
  } catch (error) {
    return { threads, userAgent, samples: [], error: String(error) };
  }
}

/** Who comes after whom differs from round to round: what ran before leaves its traces in caches. */
function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

async function run({ contenders, rounds, seconds }: Plan): Promise<Samples[]> {
  const timed: Timed[] = [];
  for (const contender of contenders) timed.push(await openContender(contender));
  const samples = timed.map((): Record<string, number[]> => ({}));
  const deadline = performance.now() + 1000 * seconds;
  for (let round = 0; round < rounds && (round < 2 || performance.now() < deadline); round++) {
    for (const [index, contender] of shuffled([...timed.entries()])) {
      for (const [part, milliseconds] of Object.entries(await contender())) {
        const all = (samples[index] ??= {});
        (all[part] ??= []).push(milliseconds);
      }
    }
  }
  return samples;
}
