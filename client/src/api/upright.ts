/** `POST /v1/upright`: a photo in, the picture that the server reads from it out, as PNG. */
import { browser, contentType, type Surroundings } from './embeddings';
import { patiently } from './patiently';
import { sendRepeatedly } from './retry';

const ATTEMPTS = 3;

/** Busy servers and lost connections are tried again; a silent one ends the wait. */
export const createUpright =
  (url: string, surroundings: Surroundings = browser, milliseconds?: number) =>
  async (photo: Blob): Promise<Blob> => {
    const { signal } = new AbortController();
    const headers = { Accept: 'image/png', 'Content-Type': contentType(photo) };
    const request = { url, body: photo, headers, signal, onProgress: () => undefined };
    const send = () => patiently(surroundings, request, { patience: 'embedding', milliseconds });
    const { sleep } = surroundings;
    const png = await sendRepeatedly(send, { attempts: ATTEMPTS, sleep, signal, onRetry: () => undefined });
    return new Blob([png], { type: 'image/png' });
  };
