/** Error bodies of the server: RFC 9457 problem documents. */
import type { ClientError } from '../shared/errors';
import type { PostResponse } from './transport';

interface Problem {
  readonly type?: unknown;
  readonly title?: unknown;
  readonly detail?: unknown;
}

/** The error that a response with a status of 400 or more stands for; what users read of it is in `failures.ts`. */
export function httpError({ status, body, header }: PostResponse): ClientError {
  const { type, title, detail } = parseProblem(body);
  const retryAfter = retryAfterSeconds(header('Retry-After'));
  return {
    kind: 'http',
    status,
    message: firstText(detail, title) ?? `the server answered ${status}`,
    ...(typeof type === 'string' ? { problem: type } : {}),
    ...(retryAfter === null ? {} : { retryAfterSeconds: retryAfter }),
  };
}

function parseProblem(body: ArrayBuffer): Problem {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // Proxies answer with pages of their own; the status says enough.
    return {};
  }
}

const firstText = (...candidates: readonly unknown[]): string | null =>
  candidates.find((value): value is string => typeof value === 'string' && value.trim() !== '') ?? null;

function retryAfterSeconds(value: string | null): number | null {
  const seconds = value === null || value.trim() === '' ? NaN : Number(value);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}
