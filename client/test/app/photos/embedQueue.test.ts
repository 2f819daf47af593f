import { expect, it } from 'vitest';
import { EmbedQueue } from '../../../src/app/photos/embedQueue';
import { settle } from '../world';

/** A queue of two at once, and what was started so far. */
function queue() {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const tested = new EmbedQueue(2);
  tested.want(['a', 'b', 'c', 'd']);
  const add = (id: string): void => {
    tested.add(id, () => {
      started.push(id);
      return new Promise<void>((resolve) => ends.set(id, resolve));
    });
  };
  const end = async (id: string): Promise<void> => {
    ends.get(id)?.();
    await settle();
  };
  return { tested, add, end, started };
}

it('sends what is wanted in that order, two at once', async () => {
  const { tested, add, end, started } = queue();
  tested.want([]);
  for (const id of ['d', 'c', 'b', 'a']) add(id);
  tested.want(['a', 'b', 'c']);
  expect(started).toEqual(['a', 'b']);
  await end('a');
  expect(started).toEqual(['a', 'b', 'c']);
  await end('b');
  await end('c');
  expect(started).toEqual(['a', 'b', 'c']);
  tested.want(['d']);
  expect(started).toEqual(['a', 'b', 'c', 'd']);
});

it('sends a photo at once when it comes on screen', () => {
  const { tested, add, started } = queue();
  tested.want(['photo 0', 'photo 1', 'photo 2']);
  for (let k = 0; k < 24; k++) add(`photo ${k}`);
  tested.want(['photo 20', 'photo 21', 'photo 22']);
  expect(started).toEqual(['photo 0', 'photo 1', 'photo 20']);
});

it('goes on after a photo that failed, and forgets those that were closed', async () => {
  const { tested, add, end, started } = queue();
  tested.want(['broken', 'a', 'b', 'c']);
  tested.add('broken', () => Promise.reject(new Error('broken')));
  for (const id of ['a', 'b', 'c']) add(id);
  tested.remove('b');
  await settle();
  await end('a');
  expect(started).toEqual(['a', 'c']);
});

it('sends a photo once that is added twice before its turn', async () => {
  const { add, end, started } = queue();
  for (const id of ['a', 'b', 'c', 'c']) add(id);
  await end('a');
  await end('b');
  await end('c');
  expect(started).toEqual(['a', 'b', 'c']);
});
