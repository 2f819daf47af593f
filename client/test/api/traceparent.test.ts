import { expect, it } from 'vitest';
import { createEmbed } from '../../src/api/embeddings';
import { createTexts } from '../../src/api/texts';
import { traceparent } from '../../src/api/traceparent';
import type { PostRequest, Transport } from '../../src/api/transport';

const FORM = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/;

it('a trace has ids that no other one has', () => {
  const made = Array.from({ length: 100 }, traceparent);
  expect(new Set(made.map((value) => value.slice(3, 35))).size).toBe(100);
  expect(new Set(made.map((value) => value.slice(36, 52))).size).toBe(100);
  for (const value of made) expect(value).toMatch(FORM);
});

/** A server that is busy once and then fails, and the requests that it was sent. */
function busyOnce() {
  const sent: PostRequest[] = [];
  const transport: Transport = (request) => {
    sent.push(request);
    const status = sent.length === 1 ? 503 : 500;
    return Promise.resolve({ status, header: () => null, body: new ArrayBuffer(0) });
  };
  return { sent, surroundings: { transport, sleep: () => Promise.resolve() } };
}

const { signal } = new AbortController();

it.each([
  [
    'a photo',
    (s: ReturnType<typeof busyOnce>['surroundings']) =>
      createEmbed('/v1/embed', s)(new Blob(['photo']), { signal, onProgress: () => undefined }),
  ],
  [
    'words',
    (s: ReturnType<typeof busyOnce>['surroundings']) =>
      createTexts('/v1/text', s).encode(['cat'], { fingerprint: 'f', signal }),
  ],
] as const)('every request for %s begins a trace', async (_, ask) => {
  const { sent, surroundings } = busyOnce();
  await ask(surroundings).catch(() => undefined);
  const traces = sent.map(({ headers }) => headers.traceparent);
  expect(traces.length).toBeGreaterThan(1);
  for (const trace of traces) expect(trace).toMatch(FORM);
  expect(new Set(traces).size).toBe(traces.length);
});
