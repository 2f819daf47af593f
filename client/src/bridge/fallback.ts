/** The worker while it works, and the server where it cannot. */
import { Failure, type ClientError } from '../shared/errors';
import { sayWhatHappened } from '../shared/failures';
import type { RuntimeInfo, WorkerCalls, WorkerStepResult } from '../shared/messages';
import { WORKER_STAGES } from '../shared/stages';
import type { CallOptions, DecoderBridge } from './decoder';

/** So often the worker may die within a time before it is given up. */
const MOST_LOSSES = 3;
const WITHIN_MILLISECONDS = 120_000;

/** Steps in a row of which each must take longer than that: one may have been held up by other work. */
const SLOW_STEPS = 5;
const SLOW_MILLISECONDS = 500;

type LoadArgs = WorkerCalls['load']['args'];

interface FallbackOptions {
  /** Whether the server is also asked where the worker is only slow. */
  readonly unlessSlow?: boolean;
}

/**
 * Calls go to the worker, until it cannot be loaded in this browser, dies again and again, or takes too long for steps:
 * then to the server, and the note of the provider says why. What the network or the model's files are to blame for,
 * the server would not do better. A server that is slower than the worker was, or out of reach, is left again for good.
 */
export const withFallback = (
  worker: DecoderBridge,
  server: DecoderBridge,
  options: FallbackOptions = {},
): DecoderBridge => new Fallback(worker, server, options);

class Fallback implements DecoderBridge {
  readonly #worker: DecoderBridge;
  readonly #server: DecoderBridge;
  readonly #losses: number[] = [];
  readonly #pace: Pace;
  #active: DecoderBridge;
  #tellLost: () => void = () => undefined;

  constructor(worker: DecoderBridge, server: DecoderBridge, { unlessSlow = true }: FallbackOptions) {
    [this.#worker, this.#server, this.#active] = [worker, server, worker];
    this.#pace = new Pace(unlessSlow);
    worker.onLost?.(() => {
      this.#losses.push(performance.now());
      this.#tellLost();
    });
  }

  call: DecoderBridge['call'] = (name, args, options) => {
    if (name === 'load') return this.#load(args as LoadArgs, options);
    return name === 'step' ? this.#step(name, args, options) : this.#active.call(name, args, options);
  };

  onLost(listener: () => void): void {
    this.#tellLost = listener;
  }

  terminate(): void {
    this.#worker.terminate();
    this.#server.terminate();
  }

  get #isUnfit(): boolean {
    const since = performance.now() - WITHIN_MILLISECONDS;
    return this.#losses.filter((at) => at > since).length >= MOST_LOSSES;
  }

  async #load(args: LoadArgs, options?: CallOptions): Promise<RuntimeInfo> {
    this.#active = this.#worker;
    try {
      if (this.#isUnfit)
        throw new Failure({ kind: 'decoder', what: 'worker-failed', message: 'it died again' });
      return (await this.#loadQuicker(args, options)) ?? (await this.#worker.call('load', args, options));
    } catch (error) {
      if (!(error instanceof Failure) || !isOfBrowser(error.detail)) throw error;
      // A worker that has just died is started again first.
      if (error.detail.what === 'worker-failed' && !this.#isUnfit) throw error;
      return this.#loadServer(args, reasonOf(error.detail), options);
    }
  }

  /** Null: the worker is not too slow, or the server out of reach. */
  async #loadQuicker(args: LoadArgs, options?: CallOptions): Promise<RuntimeInfo | null> {
    const { slow } = this.#pace;
    if (slow === null) return null;
    const why = `a click takes ${(slow / 1000).toFixed(1)} s in this browser`;
    const info = await this.#loadServer(args, why, options).catch(() => null);
    if (info === null) this.#pace.giveUp();
    return info;
  }

  async #loadServer(args: LoadArgs, why: string, options?: CallOptions): Promise<RuntimeInfo> {
    const info = await this.#server.call('load', args, options);
    this.#active = this.#server;
    return { ...info, providerNote: `Decoding on the server: ${why}` };
  }

  #step: DecoderBridge['call'] = async (name, args, options) => {
    const asked = this.#active;
    try {
      const result = await asked.call(name, args, options);
      const { timings } = result as WorkerStepResult;
      const isTurn = asked === this.#active && this.#pace.hasTurned(asked === this.#server, timings);
      if (isTurn) this.#tellLost();
      return result;
    } catch (error) {
      const isGone = error instanceof Failure && isOutOfReach(error.detail);
      if (asked !== this.#server || !isGone || !this.#pace.giveUp()) throw error;
      this.#tellLost();
      throw new Failure({ kind: 'decoder', what: 'worker-failed', message: error.message });
    }
  };
}

/** How long steps take, and whether the other side should answer them. */
class Pace {
  /** Milliseconds of the quickest of the steps for which the worker was too slow; null: it is not, or the server is no better. */
  slow: number | null = null;
  #mayTurn: boolean;
  #last: number[] = [];

  constructor(mayTurn: boolean) {
    this.#mayTurn = mayTurn;
  }

  /** Hear of a step; true when the side has to be changed. */
  hasTurned(isOnServer: boolean, timings: WorkerStepResult['timings']): boolean {
    if (!this.#mayTurn || (isOnServer && this.slow === null)) return false;
    this.#last.push(WORKER_STAGES.reduce((sum, stage) => sum + timings[stage], 0));
    if (this.#last.length < SLOW_STEPS) return false;
    const quickest = Math.min(...this.#last.splice(0, isOnServer ? SLOW_STEPS : 1), ...this.#last);
    if (isOnServer) return quickest >= (this.slow ?? 0) && this.giveUp();
    if (quickest <= SLOW_MILLISECONDS) return false;
    this.slow = quickest;
    this.#last = [];
    return true;
  }

  /** Back to the worker for good; false: it is not slowness that the server was asked for. */
  giveUp(): boolean {
    if (this.slow === null) return false;
    [this.slow, this.#mayTurn, this.#last] = [null, false, []];
    return true;
  }
}

/** But for a photo that the server has lost, which is sent again. */
const isOutOfReach = (error: ClientError): boolean =>
  error.kind === 'network' || (error.kind === 'http' && error.status !== 404);

const isOfBrowser = ({ kind }: ClientError): boolean => kind === 'decoder';

const reasonOf = (error: ClientError): string => {
  const words = sayWhatHappened(error);
  return `${words.charAt(0).toLowerCase()}${words.slice(1)}`;
};
