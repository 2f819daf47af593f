/** `POST /v1/upright`: a photo in, the picture that the server reads from it out, as PNG. */
import { httpError } from './problem';
import { Failure } from '../shared/errors';

export const createUpright =
  (url: string) =>
  async (photo: Blob): Promise<Blob> => {
    const response = await fetch(url, { method: 'POST', body: photo }).catch((cause: unknown) => {
      throw new Failure({ kind: 'network', message: 'the server cannot be reached' }, { cause });
    });
    if (response.ok) return response.blob();
    const body = await response.arrayBuffer();
    const { status, headers } = response;
    throw new Failure(httpError({ status, body, header: (name) => headers.get(name) }));
  };
