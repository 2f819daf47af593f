/** Requests to a server that asks for an API key and may collect traces. */
import { aborted, Failure } from '../shared/errors';
import { httpError } from './problem';
import { TRACE_HEADER, traceparent } from './traceparent';
import type { PostResponse } from './transport';

/** Why a key is asked for: none was sent, the server does not know it, or it does not allow what was asked. */
export type KeyFault = 'missing' | 'unknown' | 'not-allowed';

export interface Keys {
  /** The key to send; null while there is none. */
  readonly current: string | null;
  /** A key instead of the one that was refused; null when the user gives none. */
  another(refused: string | null, fault: KeyFault): Promise<string | null>;
}

/** Beside the `Authorization` of a proxy in front of the server, which the browser sends by itself. */
const HEADER = 'X-API-Key';

/**
 * Send with the key that there is; when the server wants another one, ask for it and send again, until it is right or
 * the user gives none. The time in which the user is asked counts as no silence of the server.
 *
 * @throws Failure `aborted` when the signal says so meanwhile; what `send` throws.
 */
export async function authorized(
  keys: Keys,
  signal: AbortSignal | undefined,
  send: (headers: Readonly<Record<string, string>>) => Promise<PostResponse>,
): Promise<PostResponse> {
  let key = keys.current;
  for (;;) {
    const response = await send({ [TRACE_HEADER]: traceparent(), ...(key !== null && { [HEADER]: key }) });
    const fault = faultOf(response, key);
    if (fault === null) return response;
    const other = await unlessAborted(keys.another(key, fault), signal);
    if (other === null) return response;
    key = other;
  }
}

/** Nobody is asked and no key is sent. */
export const NO_KEYS: Keys = { current: null, another: () => Promise.resolve(null) };

const FAULTS: Readonly<Record<string, (key: string | null) => KeyFault>> = {
  'urn:splitseem:problem:unauthorized': (key) => (key === null ? 'missing' : 'unknown'),
  'urn:splitseem:problem:forbidden': () => 'not-allowed',
};

/** What is wrong with the key, by the server's own words: a proxy's 401 means something else. */
function faultOf(response: PostResponse, key: string | null): KeyFault | null {
  if (response.status !== 401 && response.status !== 403) return null;
  const error = httpError(response);
  const problem = error.kind === 'http' ? (error.problem ?? '') : '';
  return Object.hasOwn(FAULTS, problem) ? (FAULTS[problem]?.(key) ?? null) : null;
}

async function unlessAborted<T>(asked: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return asked;
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => {
      reject(new Failure(aborted()));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([asked, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
