/**
 * Every way in which the client can fail, discriminated by `kind`.
 *
 * `aborted` is what a cancelled call ends with; it is never shown to the user. The union is plain data, so
 * that it crosses the worker boundary unchanged.
 */
export type ClientError =
  | { readonly kind: 'aborted'; readonly message: string }
  | { readonly kind: 'network'; readonly message: string }
  | {
      readonly kind: 'http';
      readonly message: string;
      readonly status: number;
      /** Stable `type` of the problem document, when the server sent one. */
      readonly problem?: string;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'image'; readonly message: string }
  | { readonly kind: 'codec'; readonly message: string; readonly reason: CodecReason }
  | {
      readonly kind: 'fingerprint';
      readonly message: string;
      readonly embedding: string;
      readonly decoder: string;
    }
  | { readonly kind: 'model'; readonly message: string }
  | { readonly kind: 'decoder'; readonly message: string }
  | { readonly kind: 'prompt'; readonly message: string }
  | { readonly kind: 'project'; readonly message: string };

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

export function assertNever(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`);
}
