/** A request whose wait has a limit, with the key that the server asks for. */
import { authorized, NO_KEYS, type Keys } from './authorized';
import type { PostRequest, PostResponse, Transport } from './transport';
import { within, type Wait } from './wait';

export interface Sending {
  readonly transport: Transport;
  readonly keys?: Keys;
}

/** Bytes that go or come are signs of life. */
export const patiently = (
  { transport, keys = NO_KEYS }: Sending,
  request: PostRequest,
  wait: Omit<Wait, 'signal'>,
): Promise<PostResponse> =>
  authorized(keys, request.signal, (headers) =>
    within({ ...wait, signal: request.signal }, (signal, alive) =>
      transport({
        ...request,
        headers: { ...request.headers, ...headers },
        signal,
        onProgress: (progress) => {
          alive();
          request.onProgress(progress);
        },
      }),
    ),
  );
