import type { CodecReason } from '../shared/errors';
import { Failure } from '../shared/errors';

/** A refusal: bytes or plain data that are not a valid message. */
export function refuse(reason: CodecReason, message: string): never {
  throw new Failure({ kind: 'codec', reason, message });
}
