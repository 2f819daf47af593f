import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { saidWhileReading } from '../../../src/app/state/reading';
import { createStore, type Store } from '../../../src/app/state/store';

let store: Store;

beforeEach(() => {
  vi.useFakeTimers();
  store = createStore();
});

afterEach(() => {
  vi.useRealTimers();
});

const names = (): string[] => store.reading.value.map(({ name }) => name);

/** Reads for some milliseconds. */
const reading = (name: string, milliseconds: number): Promise<string> =>
  saidWhileReading(
    store,
    name,
    () => new Promise((resolve) => setTimeout(() => resolve(`${name} is read`), milliseconds)),
  );

describe('a file that is read', () => {
  it('for long is named until it has been read', async () => {
    const read = reading('large.jpg', 2000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(names()).toEqual(['large.jpg']);
    await vi.advanceTimersByTimeAsync(1000);
    expect([await read, names()]).toEqual(['large.jpg is read', []]);
  });

  it('at once is never named', async () => {
    const seen: string[][] = [];
    store.reading.subscribe(() => seen.push(names()));
    void reading('small.jpg', 100);
    await vi.advanceTimersByTimeAsync(5000);
    expect(seen).toEqual([[]]);
  });

  it('in vain is named no longer', async () => {
    const read = saidWhileReading(store, 'broken.jpg', async () => {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      throw new Error('broken');
    }).catch(String);
    await vi.advanceTimersByTimeAsync(500);
    expect(names()).toEqual(['broken.jpg']);
    await vi.advanceTimersByTimeAsync(500);
    expect([await read, names()]).toEqual(['Error: broken', []]);
  });

  it('is named beside others, also those of its name', async () => {
    void reading('one.jpg', 1000);
    void reading('one.jpg', 2000);
    await vi.advanceTimersByTimeAsync(500);
    expect(names()).toEqual(['one.jpg', 'one.jpg']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(names()).toEqual(['one.jpg']);
  });
});
