/** One HTTP request whose answer is handed out while it comes, which `XMLHttpRequest` cannot. */
import { aborted, Failure } from '../shared/errors';
import { BYTES_HEADER, type PostRequest, type Transport } from './transport';

export const postStreaming: Transport = async (request) => {
  const { url, body, headers, signal } = request;
  try {
    request.onProgress({ phase: 'wait' });
    const response = await fetch(url, { method: 'POST', body, headers, signal });
    const parts = await read(response, request);
    return {
      status: response.status,
      header: (name) => response.headers.get(name),
      body: await new Blob(parts).arrayBuffer(),
    };
  } catch (error) {
    const lost = { kind: 'network', message: 'the server cannot be reached' } as const;
    throw new Failure(signal.aborted ? aborted() : lost, { cause: error });
  }
};

/** All parts of a body; a server that breaks off in the middle is an error. */
async function read(
  response: Response,
  { onProgress, onBytes }: PostRequest,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const expected = Number(response.headers.get(BYTES_HEADER) ?? 0);
  const reader = response.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; ;) {
    const part = await reader?.read();
    if (part?.value === undefined) return parts;
    if (response.ok) onBytes?.(part.value, at);
    parts.push(part.value);
    at += part.value.length;
    onProgress({ phase: 'download', fraction: expected > 0 ? Math.min(at / expected, 1) : null });
  }
}
