/** The worker while it works, and the server where it cannot. */
import { Failure, type ClientError } from '../shared/errors';
import { sayWhatHappened } from '../shared/failures';
import type { RuntimeInfo, WorkerCalls } from '../shared/messages';
import type { DecoderBridge } from './decoder';

/** So often the worker may die within a time before it is given up. */
const MOST_LOSSES = 3;
const WITHIN_MILLISECONDS = 120_000;

/**
 * Calls go to the worker, until it cannot be loaded in this browser or dies again and again: then to the server, and
 * the note of the provider says why. What the network or the model's files are to blame for, the server would not
 * do better.
 */
export function withFallback(worker: DecoderBridge, server: DecoderBridge): DecoderBridge {
  let active = worker;
  const losses: number[] = [];
  let onLost: () => void = () => undefined;
  worker.onLost?.(() => {
    losses.push(performance.now());
    onLost();
  });
  const isUnfit = (): boolean => {
    const since = performance.now() - WITHIN_MILLISECONDS;
    return losses.filter((at) => at > since).length >= MOST_LOSSES;
  };

  const load: DecoderBridge['call'] = async (name, args, options) => {
    active = worker;
    try {
      if (isUnfit()) throw new Failure({ kind: 'decoder', what: 'worker-failed', message: 'it died again' });
      return await worker.call(name, args, options);
    } catch (error) {
      if (!(error instanceof Failure) || !isOfBrowser(error.detail)) throw error;
      // A worker that has just died is started again first.
      if (error.detail.what === 'worker-failed' && !isUnfit()) throw error;
      const info: RuntimeInfo = await server.call('load', args as WorkerCalls['load']['args'], options);
      active = server;
      return { ...info, providerNote: `Decoding on the server: ${reasonOf(error.detail)}` } as never;
    }
  };

  return {
    call: (name, args, options) =>
      name === 'load' ? load(name, args, options) : active.call(name, args, options),
    onLost: (listener) => {
      onLost = listener;
    },
    terminate: () => {
      worker.terminate();
      server.terminate();
    },
  };
}

const isOfBrowser = ({ kind }: ClientError): boolean => kind === 'decoder';

const reasonOf = (error: ClientError): string => {
  const words = sayWhatHappened(error);
  return `${words.charAt(0).toLowerCase()}${words.slice(1)}`;
};
