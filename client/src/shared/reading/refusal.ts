import type { CodecReason } from '../errors';
import { Failure } from '../errors';

/** A refusal: bytes or plain data that are not a valid message. */
export function refuse(reason: CodecReason, message: string): never {
  throw new Failure({ kind: 'codec', reason, message });
}
