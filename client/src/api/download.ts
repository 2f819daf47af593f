/** Fetches a file and hears of every part that comes; all of it or a Failure, never less than the whole. */
import { Failure, toClientError } from '../shared/errors';
import { within, type Loaded, type Wait } from './wait';

export interface DownloadOptions extends Partial<Wait> {
  readonly onProgress?: ((loaded: Loaded) => void) | undefined;
}

/** @throws Failure `network` when the server is out of reach, silent, or breaks off; `http` for another status than 2xx. */
export const download = async (url: string, options: DownloadOptions = {}): Promise<ArrayBuffer> =>
  fetchWhole(url, options, async (response, count) => new Blob(await partsOf(response, count)).arrayBuffer());

/** An answer that is still to be read, of which all bytes have come. */
export interface WholeAnswer {
  readonly response: Response;
  /** Its first bytes. */
  readonly head: Uint8Array;
}

const HEAD = 4;

/** For what browsers make of an answer, and would not make of its bytes. @throws as `download`. */
export const downloadAnswer = async (url: string, options: DownloadOptions = {}): Promise<WholeAnswer> =>
  fetchWhole(url, options, async (response, count) => {
    const parts = await partsOf(response.clone(), count);
    const head = parts.flatMap((part) => [...part.subarray(0, HEAD)]).slice(0, HEAD);
    return { response, head: Uint8Array.from(head) };
  });

/** `read` is given a good answer, and tells of every part that comes. */
async function fetchWhole<Read>(
  url: string,
  { onProgress, ...wait }: DownloadOptions,
  read: (response: Response, count: (loaded: Loaded) => void) => Promise<Read>,
): Promise<Read> {
  return within({ patience: 'file', ...wait }, async (signal, alive) => {
    try {
      const response = await fetch(url, { signal });
      alive();
      if (!response.ok) throw refused(response.status, url);
      return await read(response, (loaded) => {
        alive();
        onProgress?.(loaded);
      });
    } catch (error) {
      throw new Failure(toClientError(error, 'network'), { cause: error });
    }
  });
}

const refused = (status: number, url: string): Failure =>
  new Failure({ kind: 'http', status, message: `the server answered ${status} for ${url}` });

async function partsOf(
  response: Response,
  onProgress: (loaded: Loaded) => void,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const total = totalOf(response.headers);
  const reader = response.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let bytes = 0; ;) {
    const part = await reader?.read();
    if (part?.value === undefined) return parts;
    parts.push(part.value);
    bytes += part.value.length;
    onProgress({ bytes, total });
  }
}

/** Of a coded body, the length says how much is sent, not how much comes out. */
function totalOf(headers: Headers): number | null {
  const length = Number(headers.get('Content-Length') ?? 0);
  return length > 0 && headers.get('Content-Encoding') === null ? length : null;
}
