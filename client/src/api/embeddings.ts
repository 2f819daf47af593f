/** `POST /v1/embed`: a photo in, the bytes of its embedding out. */
import { aborted, Failure, type ClientError } from '../shared/errors';
import { httpError } from './problem';
import { postWithProgress, type TransferProgress, type Transport } from './transport';

export type EmbedProgress =
  TransferProgress | { readonly phase: 'retry'; readonly seconds: number; readonly reason: ClientError };

export interface EmbedOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EmbedProgress) => void;
}

export type Embed = (photo: Blob, options: EmbedOptions) => Promise<ArrayBuffer>;

export interface Surroundings {
  readonly transport: Transport;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const ATTEMPTS = 5;
const FIRST_WAIT_SECONDS = 0.5;
const LONGEST_WAIT_SECONDS = 20;

const RETRIED_STATUSES: readonly number[] = [429, 502, 503, 504];

/** Busy servers and lost connections are tried again, ever less often; `url` is that of the embed route. */
export function createEmbed(url: string, { transport, sleep }: Surroundings = browser): Embed {
  return async (photo, { signal, onProgress }) => {
    const headers = { Accept: 'application/msgpack', 'Content-Type': contentType(photo) };
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptOnce(() => transport({ url, body: photo, headers, signal, onProgress }));
      if (outcome instanceof ArrayBuffer) return outcome;
      if (attempt === ATTEMPTS || !isTemporary(outcome)) throw new Failure(outcome);
      const seconds = waitSeconds(attempt, outcome);
      onProgress({ phase: 'retry', seconds, reason: outcome });
      await sleep(1000 * seconds, signal);
    }
  };
}

async function attemptOnce(send: () => ReturnType<Transport>): Promise<ArrayBuffer | ClientError> {
  try {
    const response = await send();
    if (response.status >= 200 && response.status < 300) return response.body;
    return httpError(response.status, response.body, response.header);
  } catch (error) {
    if (error instanceof Failure) return error.detail;
    throw error;
  }
}

const isTemporary = (error: ClientError): boolean =>
  error.kind === 'network' || (error.kind === 'http' && RETRIED_STATUSES.includes(error.status));

/** Doubles with every attempt; a server that names a time is believed, within reason. */
function waitSeconds(attempt: number, error: ClientError): number {
  const asked = error.kind === 'http' ? error.retryAfterSeconds : undefined;
  return Math.min(asked ?? FIRST_WAIT_SECONDS * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS);
}

const contentType = (photo: Blob): string =>
  photo.type.startsWith('image/') ? photo.type : 'application/octet-stream';

const browser: Surroundings = {
  transport: postWithProgress,
  sleep: (milliseconds, signal) =>
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
    }),
};
