import { expect, it } from 'vitest';
import { authorized, type KeyFault, type Keys } from '../../src/api/authorized';
import type { PostResponse } from '../../src/api/transport';
import { ApiKeys } from '../../src/app/state/apiKeys';
import { Failure } from '../../src/shared/errors';

const answer = (status: number, problem = ''): PostResponse => ({
  status,
  body: new TextEncoder().encode(JSON.stringify({ type: `urn:splitseem:problem:${problem}` })).buffer,
  header: () => null,
});

const UNAUTHORIZED = answer(401, 'unauthorized');

/** A server that knows one key, and what it was sent. */
function server(right: string) {
  const sent: (string | undefined)[] = [];
  const send = (headers: Readonly<Record<string, string>>): Promise<PostResponse> => {
    sent.push(headers['X-API-Key']);
    return Promise.resolve(headers['X-API-Key'] === right ? answer(200) : UNAUTHORIZED);
  };
  return { sent, send };
}

it('sends again with the key that the user gives, until it is right', async () => {
  const faults: KeyFault[] = [];
  const given = ['wrong', 'right'];
  const keys: Keys = {
    current: null,
    another: (_, fault) => {
      faults.push(fault);
      return Promise.resolve(given.shift() ?? null);
    },
  };
  const { sent, send } = server('right');
  expect((await authorized(keys, undefined, send)).status).toBe(200);
  expect(sent).toEqual([undefined, 'wrong', 'right']);
  expect(faults).toEqual(['missing', 'unknown']);
});

it.each([answer(401, ''), answer(403, 'url-not-enabled'), answer(404, 'not-found'), answer(200)])(
  'asks for no key when that is not what is wrong: %#',
  async (response) => {
    const keys: Keys = { current: null, another: () => Promise.reject(new Error('asked')) };
    expect(await authorized(keys, undefined, () => Promise.resolve(response))).toBe(response);
  },
);

it('one question serves all that wait, and those that were refused with the key before', async () => {
  const keys = new ApiKeys();
  const { sent, send } = server('right');
  const waiting = [1, 2, 3].map(() => authorized(keys, undefined, send));
  await expect.poll(() => keys.asked.value).toBe('missing');
  expect(keys.give('two words')).toBe(false);
  expect(keys.give(' right\n')).toBe(true);
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(keys.asked.value).toBeNull();
  expect(sent).toEqual([undefined, undefined, undefined, 'right', 'right', 'right']);
  expect(await keys.another('an older one', 'unknown')).toBe('right');
});

it('without a key the refusal goes on, and the next request asks again', async () => {
  const keys = new ApiKeys();
  for (let round = 0; round < 2; round++) {
    const asked = authorized(keys, undefined, server('right').send);
    await expect.poll(() => keys.asked.value).toBe('missing');
    keys.decline();
    expect((await asked).status).toBe(401);
  }
});

it('what is cancelled does not wait for the user', async () => {
  const control = new AbortController();
  const keys = new ApiKeys();
  const asked = authorized(keys, control.signal, server('right').send);
  await expect.poll(() => keys.asked.value).toBe('missing');
  control.abort();
  const thrown = await asked.catch((error: unknown) => error);
  expect(thrown instanceof Failure && thrown.detail.kind).toBe('aborted');
});
