/** Milliseconds of every step, put together from what page, worker and canvas know. */
import { coarseMasks } from '../../session/sharpening';
import type { SegmentObject, StepId } from '../../session/state';
import { measureName, STAGES, WORKER_STAGES } from '../../shared/stages';
import type { WorkerTimings } from '../../shared/messages';
import type { StepTimings } from '../../shared/types';
import type { Store } from '../state/store';

export interface NamedTimings extends StepTimings {
  readonly image: string;
  readonly object: number;
  readonly prompt: string;
}

/** Timings of a step that was answered, but not drawn yet. */
export function answeredTimings(worker: WorkerTimings, givenAt: number, finished: number): StepTimings {
  const working = WORKER_STAGES.reduce((sum, stage) => sum + worker[stage], 0);
  const total = Math.max(finished - givenAt, working);
  performance.measure(measureName('queue'), { start: givenAt, end: givenAt + total - working });
  performance.clearMeasures(measureName('queue'));
  return { ...worker, queue: total - working, frame: 0, paint: 0, total };
}

/** Everything on the canvas is drawn as of now; `started` is when drawing began. */
export function recordPaint({ session, unpainted, painted }: Store, started: number, finished: number): void {
  if (unpainted.size === 0) return;
  const { results } = session.value;
  const times = new Map([...painted.value].filter(([step]) => results.has(step)));
  for (const [step, answered] of unpainted) {
    times.set(step, { frame: Math.max(started - answered, 0), paint: finished - started });
  }
  unpainted.clear();
  painted.value = times;
  performance.measure(measureName('paint'), { start: started, end: finished });
  performance.clearMeasures(measureName('paint'));
}

/** With the drawing, once it has happened. */
export function timingsOfStep({ session, painted, unpainted }: Store, step: StepId): StepTimings | null {
  const timings = session.value.results.get(step)?.timings;
  const paint = unpainted.has(step) ? undefined : painted.value.get(step);
  if (timings === undefined) return null;
  if (paint === undefined) return timings;
  return { ...timings, ...paint, total: timings.total + paint.frame + paint.paint };
}

/** Of the step whose mask an object shows. */
export function lastTimingsOf(store: Store, { steps }: SegmentObject): StepTimings | null {
  const shown = steps.findLast(({ id }) => store.session.value.results.has(id));
  return shown === undefined ? null : timingsOfStep(store, shown.id);
}

/** Of every step whose mask is final, in the order of images, objects and prompts. */
export function timingsOf(store: Store): NamedTimings[] {
  const { images, results } = store.session.value;
  const coarse = new Set(coarseMasks(store.session.value, store.failedSteps.value).map(({ step }) => step));
  return images.flatMap(({ name, document }) =>
    document.objects.flatMap(({ number, steps }) =>
      steps.flatMap(({ id, prompt }) => {
        const timings = timingsOfStep(store, id);
        return timings === null || coarse.has(id) || results.get(id)?.isDraft === true
          ? []
          : [{ image: name, object: number, prompt: prompt.kind, ...timings }];
      }),
    ),
  );
}

/** The middle value of every stage and of the whole, over all steps; null without one. */
export function medianTimings(all: readonly StepTimings[]): Pick<StepTimings, TimingName> | null {
  if (all.length === 0) return null;
  const names: readonly TimingName[] = [...STAGES, 'total'];
  const entries = names.map((name) => [name, median(all.map((timings) => timings[name]))] as const);
  return Object.fromEntries(entries) as Record<TimingName, number>;
}

type TimingName = (typeof STAGES)[number] | 'total';

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
