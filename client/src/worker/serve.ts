import { aborted, toClientError } from '../shared/errors';
import type { CallName, WorkerCalls, WorkerReply, WorkerRequest } from '../shared/messages';
import type { Engine } from './engine';

/** The part of a worker's global scope that is used here. */
export interface Port {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(reply: WorkerReply): void;
}

type CallRequest = Exclude<WorkerRequest, { call: 'abort' }>;

/** Calls that wait for the network: those that come after must not. */
const UNQUEUED: readonly CallName[] = ['fetchText'];

/**
 * Answer the requests that arrive at a port, one at a time and in order but for those that only fetch.
 *
 * An aborted request is not started; one that already runs is finished, since a graph cannot be stopped, and its
 * result dropped by the page.
 */
export function serve(port: Port, engine: Engine): void {
  const cancelled = new Set<number>();
  let previous: Promise<void> = Promise.resolve();

  const answer = async (request: CallRequest): Promise<void> => {
    const { id } = request;
    if (cancelled.delete(id)) {
      port.postMessage({ id, ok: false, error: aborted() });
      return;
    }
    try {
      port.postMessage({ id, ok: true, value: await dispatch(engine, request) });
    } catch (error) {
      port.postMessage({ id, ok: false, error: toClientError(error, 'decoder') });
    } finally {
      cancelled.delete(id);
    }
  };

  port.onmessage = ({ data: request }) => {
    if (request.call === 'abort') cancelled.add(request.id);
    else if (UNQUEUED.includes(request.call)) void answer(request);
    else previous = previous.then(() => answer(request));
  };
}

function dispatch(engine: Engine, request: CallRequest): Promise<WorkerCalls[CallName]['result']> {
  switch (request.call) {
    case 'load':
      return engine.load(request);
    case 'open':
      return engine.open(request);
    case 'step':
      return engine.step(request);
    case 'fetchText':
      return engine.fetchText(request);
    case 'close':
      return engine.close(request);
  }
}
