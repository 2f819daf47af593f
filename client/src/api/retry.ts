/** Requests that are tried again while the server is busy or out of reach, ever less often. */
import { aborted, Failure, type ClientError } from '../shared/errors';
import { httpError } from './problem';
import type { PostResponse } from './transport';

export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export interface Retrying {
  readonly attempts: number;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
  /** Before every wait. */
  readonly onRetry: (seconds: number, reason: ClientError) => void;
}

const FIRST_WAIT_SECONDS = 0.5;
const LONGEST_WAIT_SECONDS = 20;

const RETRIED_STATUSES: readonly number[] = [429, 502, 503, 504];

/** The body of the first answer that is one; the last error when there is none. */
export async function sendRepeatedly(
  send: () => Promise<PostResponse>,
  { attempts, sleep, signal, onRetry }: Retrying,
): Promise<ArrayBuffer> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(send);
    if (outcome instanceof ArrayBuffer) return outcome;
    if (attempt === attempts || !isTemporary(outcome)) throw new Failure(outcome);
    const seconds = waitSeconds(attempt, outcome);
    onRetry(seconds, outcome);
    await sleep(1000 * seconds, signal);
  }
}

async function attemptOnce(send: () => Promise<PostResponse>): Promise<ArrayBuffer | ClientError> {
  try {
    const response = await send();
    if (response.status >= 200 && response.status < 300) return response.body;
    return httpError(response);
  } catch (error) {
    if (error instanceof Failure) return error.detail;
    throw error;
  }
}

/** A server that said nothing for long would say nothing again. */
const isTemporary = (error: ClientError): boolean =>
  (error.kind === 'network' && error.what !== 'server-silent') ||
  (error.kind === 'http' && RETRIED_STATUSES.includes(error.status));

/** Doubles with every attempt; a server that names a time is believed, within reason. */
function waitSeconds(attempt: number, error: ClientError): number {
  const asked = error.kind === 'http' ? error.retryAfterSeconds : undefined;
  return Math.min(asked ?? FIRST_WAIT_SECONDS * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS);
}

export const sleep: Sleep = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      signal.removeEventListener('abort', stop);
      resolve();
    }
    function stop(): void {
      clearTimeout(timer);
      reject(new Failure(aborted()));
    }
    signal.addEventListener('abort', stop, { once: true });
  });
