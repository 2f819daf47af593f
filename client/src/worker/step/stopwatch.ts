import { aborted, Failure } from '../../shared/errors';
import { measureName, WORKER_STAGES, type WorkerStage } from '../../shared/stages';
import { letMessagesIn } from '../runtime/turns';

/** Hears of the end of every stage of a step. */
export interface Laps {
  lap(stage: WorkerStage): void | Promise<void>;
}

/** Milliseconds by stage, which profilers see as measures. */
export class Stopwatch implements Laps {
  readonly #laps = Object.fromEntries(WORKER_STAGES.map((stage) => [stage, 0])) as Record<
    WorkerStage,
    number
  >;
  #started = performance.now();

  /** All time since the lap before belongs to this stage. */
  lap(stage: WorkerStage): void {
    const now = performance.now();
    const name = measureName(stage);
    this.#laps[stage] += now - this.#started;
    performance.measure(name, { start: this.#started, end: now });
    // Observers have it by now; the browser would keep it for ever.
    performance.clearMeasures(name);
    this.#started = now;
  }

  get laps(): Readonly<Record<WorkerStage, number>> {
    return this.#laps;
  }
}

/** Measures nothing, and ends the step after a stage during which the signal was given. */
export const stoppable = (signal: AbortSignal): Laps => ({
  lap: async () => {
    await letMessagesIn();
    if (signal.aborted) throw new Failure(aborted());
  },
});
