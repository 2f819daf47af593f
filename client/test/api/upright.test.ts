import { expect, it } from 'vitest';
import type { PostResponse, Transport } from '../../src/api/transport';
import { createUpright } from '../../src/api/upright';
import { Failure } from '../../src/shared/errors';

const PHOTO = new Blob(['TIFF']);

const answer = (status: number, text: string): PostResponse => ({
  status,
  body: new TextEncoder().encode(text).buffer,
  header: () => null,
});

const against = (transport: Transport, milliseconds?: number) =>
  createUpright('http://server/v1/upright', { transport, sleep: () => Promise.resolve() }, milliseconds);

const failureOf = (asked: Promise<Blob>): Promise<unknown> =>
  asked.then(
    () => null,
    (thrown: unknown) => (thrown instanceof Failure ? thrown.detail : thrown),
  );

it('gives the picture of the server', async () => {
  const png = await against(() => Promise.resolve(answer(200, 'PNG')))(PHOTO);
  expect([png.type, await png.text()]).toEqual(['image/png', 'PNG']);
});

it('asks a busy server again', async () => {
  const answers = [answer(429, ''), answer(200, 'PNG')];
  const png = await against(() => Promise.resolve(answers.shift() ?? answer(500, '')))(PHOTO);
  expect(await png.text()).toBe('PNG');
});

it('says what the server refused', async () => {
  const asked = against(() =>
    Promise.resolve(answer(415, '{"type": "urn:splitseem:problem:unsupported-image"}')),
  );
  expect(await failureOf(asked(PHOTO))).toMatchObject({ kind: 'http', status: 415 });
});

it('does not wait for a silent server for ever', async () => {
  const asked = against(() => new Promise(() => undefined), 20);
  expect(await failureOf(asked(PHOTO))).toMatchObject({ kind: 'network', what: 'server-silent' });
});
