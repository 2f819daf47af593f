/** Error bodies of the server: RFC 9457 problem documents. */
import type { ClientError } from '../shared/errors';
import type { PostResponse } from './transport';

interface Problem {
  readonly type?: unknown;
  readonly title?: unknown;
  readonly detail?: unknown;
}

/** What a user can do about a status; the server's own words come first. */
export type Advice = Readonly<Record<number, string>>;

const ADVICE: Advice = {
  401: 'sign in and try again',
  403: 'this server does not allow it',
  404: 'is this the right server?',
  429: 'the server is busy: try again in a moment',
  503: 'the server is not ready yet: try again in a moment',
};

/** The error that a response with a status of 400 or more stands for; `advice` of a route goes before ours. */
export function httpError({ status, body, header }: PostResponse, advice: Advice): ClientError {
  const { type, title, detail } = parseProblem(body);
  const said = firstText(detail, title) ?? `the server answered ${status}`;
  const hint = advice[status] ?? ADVICE[status];
  const retryAfter = retryAfterSeconds(header('Retry-After'));
  return {
    kind: 'http',
    status,
    message: hint === undefined ? said : `${said} (${hint})`,
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
