/** `POST /v1/embed`: a photo in, the bytes of its embedding out. */
import type { ClientError } from '../shared/errors';
import type { SizeHw } from '../shared/types';
import { sendRepeatedly, sleep, type Sleep } from './retry';
import { post } from './post';
import { patiently, type Sending } from './patiently';
import type { PostRequest, TransferProgress } from './transport';

export type EmbedProgress =
  | TransferProgress
  /** Before anything is sent the photo is made smaller. */
  | { readonly phase: 'shrink' }
  | { readonly phase: 'retry'; readonly seconds: number; readonly reason: ClientError };

export interface EmbedOptions {
  /** Pixels that the photo is resized to; null: what the model usually takes. */
  readonly canvas?: number | null;
  /** SHA-256 of the file, for who keeps embeddings. */
  readonly digest?: string | undefined;
  /** Not what is kept. */
  readonly isFresh?: boolean;
  /** Is called where nothing is sent, since the embedding is kept. */
  readonly onKept?: () => void;
  /** Hears where an embedding that is kept lies, on disk as a rule: its bytes need not be held. */
  readonly onStored?: (bytes: Blob) => void;
  /** The part to embed: left, top, width and height; null: all of it. */
  readonly roi?: readonly [number, number, number, number] | null;
  /** Whether the photo may be sent as the model sees it. */
  readonly isSmaller?: boolean;
  /** Of the photo, where not its file is sent but the picture that the model sees of it, or of the part. */
  readonly original?: SizeHw;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EmbedProgress) => void;
  /** May hear the embedding while it comes; `at` bytes came before, 0 when it is sent again. */
  readonly onBytes?: PostRequest['onBytes'];
}

export type Embed = (photo: Blob, options: EmbedOptions) => Promise<ArrayBuffer>;

export interface Surroundings extends Sending {
  readonly sleep: Sleep;
}

const ATTEMPTS = 5;

/** Busy servers and lost connections are tried again; `address` is that of the embed route. */
export function createEmbed(
  address: string,
  surroundings: Surroundings = browser,
  milliseconds?: number,
): Embed {
  return (photo, { canvas = null, roi = null, original, signal, onProgress, onBytes }) => {
    const size = original && `${original.width},${original.height}`;
    const url = withQuery(address, { canvas: canvas?.toString(), roi: roi?.join(), original: size });
    const headers = { Accept: 'application/msgpack', 'Content-Type': contentType(photo) };
    const request = { url, body: photo, headers, signal, onProgress, ...(onBytes && { onBytes }) };
    const send = () => patiently(surroundings, request, { patience: 'embedding', milliseconds });
    return sendRepeatedly(send, {
      attempts: ATTEMPTS,
      sleep: surroundings.sleep,
      signal,
      onRetry: (seconds, reason) => {
        onProgress({ phase: 'retry', seconds, reason });
      },
    });
  };
}

function withQuery(address: string, wishes: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(wishes).filter(([, value]) => value !== undefined);
  return given.reduce(
    (url, [name, value]) => `${url}${url.includes('?') ? '&' : '?'}${name}=${value}`,
    address,
  );
}

export const contentType = (photo: Blob): string =>
  photo.type.startsWith('image/') ? photo.type : 'application/octet-stream';

export const browser: Surroundings = { transport: post, sleep };
