/** A request whose wait has a limit. */
import type { PostRequest, PostResponse, Transport } from './transport';
import { within, type Wait } from './wait';

/** Bytes that go or come are signs of life. */
export const patiently = (
  transport: Transport,
  request: PostRequest,
  wait: Omit<Wait, 'signal'>,
): Promise<PostResponse> =>
  within({ ...wait, signal: request.signal }, (signal, alive) =>
    transport({
      ...request,
      signal,
      onProgress: (progress) => {
        alive();
        request.onProgress(progress);
      },
    }),
  );
