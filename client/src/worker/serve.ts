import type { Loaded } from '../api/wait';
import { aborted, Failure, toClientError, type ClientError } from '../shared/errors';
import type { CallName, WorkerCalls, WorkerReply, WorkerRequest } from '../shared/messages';
import type { Engine } from './engine';

/** The part of a worker's global scope that is used here. */
export interface Port {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(reply: WorkerReply): void;
}

type CallRequest = Exclude<WorkerRequest, { call: 'abort' }>;

/**
 * Calls that go beside the others: they wait for the network, take turns with steps by themselves, or end what
 * others wait for.
 */
const UNQUEUED: readonly CallName[] = [
  'fetchText',
  'receive',
  'open',
  'reread',
  'alternatives',
  'preview',
  'photo',
  'sharpen',
  'everything',
  'find',
  'close',
];

/**
 * Answer the requests that arrive at a port, one at a time and in order but for those that need not wait.
 *
 * An aborted request is not started. One that already runs stops where it can, and its result is dropped by the
 * page. The first call, which loads, waits for `started`.
 */
export function serve(port: Port, engine: Engine, started: Promise<void> = Promise.resolve()): void {
  const running = new Map<number, AbortController>();
  let previous = started;

  const answer = async (request: CallRequest, { signal }: AbortController): Promise<void> => {
    const { id } = request;
    try {
      if (signal.aborted) throw new Failure(aborted());
      const onProgress = (progress: Loaded): void => {
        port.postMessage({ id, progress });
      };
      port.postMessage({ id, ok: true, value: await dispatch(engine, request, signal, onProgress) });
    } catch (error) {
      port.postMessage({ id, ok: false, error: errorOf(error) });
    } finally {
      running.delete(id);
    }
  };

  port.onmessage = ({ data: request }) => {
    if (request.call === 'abort') {
      running.get(request.id)?.abort();
      return;
    }
    const abort = new AbortController();
    running.set(request.id, abort);
    if (UNQUEUED.includes(request.call)) void answer(request, abort);
    else previous = previous.then(() => answer(request, abort));
  };
}

/** What memory that ran out or was damaged leaves behind answers nothing any more: the page starts another worker. */
function errorOf(thrown: unknown): ClientError {
  const error = toClientError(thrown, 'decoder');
  const isBroken = thrown instanceof WebAssembly.RuntimeError || BROKEN.test(error.message);
  return isBroken ? { kind: 'decoder', what: 'worker-failed', message: error.message } : error;
}

/** As the runtime says it in errors of its own. */
const BROKEN = /\bAborted\(|\bbad_alloc\b/;

function dispatch(
  engine: Engine,
  request: CallRequest,
  signal: AbortSignal,
  onProgress: (loaded: Loaded) => void,
): Promise<WorkerCalls[CallName]['result']> {
  switch (request.call) {
    case 'load':
      return engine.load(request, signal, onProgress);
    case 'receive':
      return engine.receive(request, signal);
    case 'open':
      return engine.open(request, signal);
    case 'reread':
      return engine.reread(request, signal);
    case 'step':
      return engine.step(request, signal);
    case 'alternatives':
      return engine.alternatives(request, signal);
    case 'preview':
      return engine.preview(request, signal);
    case 'photo':
      return engine.photo(request, signal);
    case 'sharpen':
      return engine.sharpen(request, signal);
    case 'everything':
      return engine.everything(request, signal, onProgress);
    case 'find':
      return engine.find(request, signal, onProgress);
    case 'fetchText':
      return engine.fetchText(request, signal);
    case 'close':
      return engine.close(request, signal);
  }
}
