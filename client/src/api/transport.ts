/** One HTTP request, and the way to send it that reports progress in both directions: `fetch` is silent on uploads. */
import { aborted, Failure } from '../shared/errors';

export type TransferProgress =
  | { readonly phase: 'upload'; readonly fraction: number | null }
  /** Everything was sent, nothing has come yet: the server works. */
  | { readonly phase: 'wait' }
  | { readonly phase: 'download'; readonly fraction: number | null };

export interface PostRequest {
  readonly url: string;
  readonly body: Blob;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TransferProgress) => void;
  /** Hears the body of a good answer while it comes, if the way it is sent allows; `at` bytes came before. */
  readonly onBytes?: (bytes: Uint8Array, at: number) => void;
}

export interface PostResponse {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly body: ArrayBuffer;
}

export type Transport = (request: PostRequest) => Promise<PostResponse>;

const fractionOf = (event: ProgressEvent): number | null =>
  event.lengthComputable && event.total > 0 ? event.loaded / event.total : null;

/** Bytes of a body before its content coding: of a coded one the browser does not know how much is to come. */
export const BYTES_HEADER = 'X-Splitseem-Bytes';

function downloaded(event: ProgressEvent, request: XMLHttpRequest): number | null {
  const bytes = Number(request.getResponseHeader(BYTES_HEADER) ?? 0);
  if (event.lengthComputable || !(bytes > 0)) return fractionOf(event);
  return Math.min(event.loaded / bytes, 1);
}

export const postWithProgress: Transport = ({ url, body, headers, signal, onProgress }) =>
  new Promise((resolve, reject) => {
    const fail = (failure: Failure): void => {
      signal.removeEventListener('abort', cancel);
      reject(failure);
    };
    const cancel = (): void => {
      request.abort();
      fail(new Failure(aborted()));
    };
    const request = new XMLHttpRequest();
    request.open('POST', url);
    request.responseType = 'arraybuffer';
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      onProgress({ phase: 'upload', fraction: fractionOf(event) });
    };
    request.upload.onload = () => {
      onProgress({ phase: 'wait' });
    };
    request.onprogress = (event) => {
      onProgress({ phase: 'download', fraction: downloaded(event, request) });
    };
    request.onerror = () => {
      fail(new Failure({ kind: 'network', message: 'the server cannot be reached' }));
    };
    request.onload = () => {
      signal.removeEventListener('abort', cancel);
      resolve({
        status: request.status,
        header: (name) => request.getResponseHeader(name),
        body: request.response as ArrayBuffer,
      });
    };
    if (signal.aborted) {
      cancel();
      return;
    }
    signal.addEventListener('abort', cancel, { once: true });
    request.send(body);
  });
