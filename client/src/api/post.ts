import { postStreaming } from './streaming';
import { postWithProgress, type Transport } from './transport';

/** Bytes of a body that is soon sent; of a longer one users want to see how far it is. */
const SMALL = 2e6;

/** The browser's own ways: no single one reports an upload and hands out the answer while it comes. */
export const post: Transport = async (request) =>
  request.body.size > SMALL ? postWithProgress(request) : postStreaming(request);
