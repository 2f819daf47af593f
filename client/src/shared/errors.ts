import type { FailureName } from './failures';

/** What every error may say beside its kind. */
interface Told {
  /** For developers; what users read is in `failures.ts`. */
  readonly message: string;
  /** The row of `failures.ts` that says more than that of the kind. */
  readonly what?: FailureName;
  /** What it is about, in the user's words: the name of a file, a quoted text. */
  readonly about?: string;
}

/**
 * Every way in which the client can fail, discriminated by `kind`.
 *
 * `aborted` is what a cancelled call ends with; it is never shown to the user. The union is plain data, so
 * that it crosses the worker boundary unchanged.
 */
export type ClientError = Told &
  (
    | { readonly kind: 'aborted' }
    | { readonly kind: 'network' }
    | {
        readonly kind: 'http';
        readonly status: number;
        /** Stable `type` of the problem document, when the server sent one. */
        readonly problem?: string;
        readonly retryAfterSeconds?: number;
      }
    | { readonly kind: 'image' }
    | { readonly kind: 'codec'; readonly reason: CodecReason }
    | { readonly kind: 'fingerprint'; readonly embedding: string; readonly decoder: string }
    | { readonly kind: 'model' }
    | { readonly kind: 'decoder' }
    | { readonly kind: 'prompt' }
    | { readonly kind: 'project' }
  );

export type ErrorKind = ClientError['kind'];

/** Why a message was refused; the same names as in the table of `proto/README.md`. */
export type CodecReason = string;

/** A ClientError on its way up the stack. */
export class Failure extends Error {
  readonly detail: ClientError;

  constructor(detail: ClientError, options?: ErrorOptions) {
    super(detail.message, options);
    this.name = 'Failure';
    this.detail = detail;
  }
}

/** What a parser returns: callers cannot forget the error. */
export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ClientError };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const failed = (error: ClientError): Result<never> => ({ ok: false, error });

/** Answers of proxies whose server is gone. */
export const GONE_STATUSES: readonly number[] = [502, 503, 504];

/** Whether it is for want of a server that something failed. */
export const isServerGone = (error: ClientError): boolean =>
  error.kind === 'network' || (error.kind === 'http' && GONE_STATUSES.includes(error.status));

/** The value of a Result, or the error thrown as a Failure. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Failure(result.error);
}

export const aborted = (): ClientError => ({ kind: 'aborted', message: 'cancelled' });

/** Anything that was thrown, as a ClientError; what is not one of ours becomes `fallback`. */
export function toClientError(thrown: unknown, fallback: 'network' | 'decoder' | 'image'): ClientError {
  if (thrown instanceof Failure) return thrown.detail;
  if (thrown instanceof Error && thrown.name === 'AbortError') return aborted();
  return { kind: fallback, message: thrown instanceof Error ? thrown.message : String(thrown) };
}
