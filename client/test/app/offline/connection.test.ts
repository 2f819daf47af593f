import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../src/app/offline/connection';
import { photo, settle, World } from '../world';

let world: World;
let isThere: boolean;
let looks: number;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('navigator', {});
  world = new World();
  [isThere, looks] = [true, 0];
  new Connection(world, () => {
    looks++;
    return Promise.resolve(isThere);
  }).start();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const isOffline = (): boolean => world.store.isOffline.value;

async function openUnreachable(): Promise<void> {
  isThere = false;
  world.controller.start();
  world.controller.openPhoto(photo());
  world.embeds.at(-1)?.fail({ kind: 'network', message: 'no route' });
  await settle();
}

describe('a server', () => {
  it('that is there is not looked for', async () => {
    await world.openReady();
    expect([looks, isOffline()]).toEqual([0, false]);
  });

  it('that is gone is told, and photos are sent again when it is back', async () => {
    await openUnreachable();
    expect(isOffline()).toBe(true);
    expect(world.embeds).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(isOffline()).toBe(true);
    isThere = true;
    await vi.advanceTimersByTimeAsync(4000);
    expect(isOffline()).toBe(false);
    expect(world.embeds).toHaveLength(2);
    world.embeds.at(-1)?.arrive();
    await settle();
    expect([...world.store.photos.value.values()][0]?.readiness.phase).toBe('ready');
  });

  it('is looked for ever less often, and at once when the browser says so', async () => {
    await openUnreachable();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(looks).toBeLessThan(10);
    const before = looks;
    isThere = true;
    window.dispatchEvent(new Event('online'));
    await settle();
    expect([looks, isOffline()]).toEqual([before + 1, false]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(looks).toBe(before + 1);
  });

  it('that refuses a photo is there', async () => {
    world.controller.start();
    world.controller.openPhoto(photo());
    world.embeds.at(-1)?.fail({ kind: 'http', status: 413, message: 'too large' });
    await settle();
    expect([looks, isOffline()]).toEqual([0, false]);
  });
});
