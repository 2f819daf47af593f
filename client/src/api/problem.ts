/** Error bodies of the server: RFC 9457 problem documents. */
import type { ClientError } from '../shared/errors';

interface Problem {
  readonly type?: unknown;
  readonly title?: unknown;
  readonly detail?: unknown;
}

/** What a user can do about a status; the server's own words come first. */
const ADVICE: Readonly<Record<number, string>> = {
  401: 'sign in and try again',
  403: 'this server does not allow it',
  404: 'is this the right server?',
  413: 'the photo is too large for this server: use a smaller one',
  415: 'use a JPEG, PNG or WebP photo',
  422: 'the photo cannot be used as it is',
  429: 'the server is busy: try again in a moment',
  503: 'the server is not ready yet: try again in a moment',
};

/** The error that a response with a status of 400 or more stands for. */
export function httpError(
  status: number,
  body: ArrayBuffer,
  header: (name: string) => string | null,
): ClientError {
  const { type, title, detail } = parseProblem(body);
  const said = firstText(detail, title) ?? `the server answered ${status}`;
  const advice = ADVICE[status];
  const retryAfter = retryAfterSeconds(header('Retry-After'));
  return {
    kind: 'http',
    status,
    message: advice === undefined ? said : `${said} (${advice})`,
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
