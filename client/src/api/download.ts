/** Fetches a file and hears of every part that comes; bytes or a Failure, never less than the whole. */
import { Failure, toClientError } from '../shared/errors';
import { within, type Loaded, type Wait } from './wait';

export interface DownloadOptions extends Partial<Wait> {
  readonly onProgress?: ((loaded: Loaded) => void) | undefined;
}

/** @throws Failure `network` when the server is out of reach, silent, or breaks off; `http` for another status than 2xx. */
export async function download(
  url: string,
  { onProgress, ...wait }: DownloadOptions = {},
): Promise<ArrayBuffer> {
  return within({ patience: 'file', ...wait }, async (signal, alive) => {
    try {
      const response = await fetch(url, { signal });
      alive();
      if (!response.ok) throw refused(response.status, url);
      return await bodyOf(response, (loaded) => {
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

async function bodyOf(response: Response, onProgress: (loaded: Loaded) => void): Promise<ArrayBuffer> {
  const total = totalOf(response.headers);
  const reader = response.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let bytes = 0; ;) {
    const part = await reader?.read();
    if (part?.value === undefined) return new Blob(parts).arrayBuffer();
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
