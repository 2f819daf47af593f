import { beforeEach, describe, expect, it } from 'vitest';
import { Autosave } from '../../../src/app/saving/autosave';
import { Keeping } from '../../../src/app/saving/keeping';
import type { KeptWork } from '../../../src/app/state/kept';
import { sayFailure } from '../../../src/shared/failures';
import { photo, World } from '../world';
import { Shelf } from './shelf';

const CLICK = { kind: 'click', x: 1, y: 1, label: 1 } as const;

let world: World;
let shelf: Shelf;
let autosave: Autosave;

beforeEach(() => {
  world = new World();
  shelf = new Shelf();
  autosave = new Autosave(world.store, shelf, 'tab', () => 7);
  autosave.start();
});

const kept = (): KeptWork | undefined => shelf.works.get('tab');

const prompts = (work: KeptWork | undefined): unknown[] => {
  const project = JSON.parse(work?.project ?? '{"images":[]}') as {
    images: { objects: { prompts: unknown[] }[] }[];
  };
  return project.images.flatMap(({ objects }) => objects.flatMap((object) => object.prompts));
};

describe('what is done', () => {
  it('is kept with the file of the photo, prompt by prompt', async () => {
    world.controller.openPhoto(photo('cat.jpg', undefined, 'd1'));
    world.controller.give(CLICK);
    await autosave.settled();
    expect(prompts(kept())).toEqual([CLICK]);
    expect(kept()?.photos).toMatchObject([{ name: 'cat.jpg', digest: 'd1' }]);
    expect(shelf.files.size).toBe(1);
    expect(world.store.saved.value).toEqual({ phase: 'saved' });
    world.controller.undo();
    await autosave.settled();
    expect(prompts(kept())).toEqual([]);
  });

  it('is written once when much is done at once, and not at all when nothing is new', async () => {
    world.controller.openPhoto(photo());
    for (let i = 0; i < 50; i++) world.controller.give(CLICK);
    await autosave.settled();
    expect(prompts(kept())).toHaveLength(50);
    expect(shelf.writes).toBeLessThanOrEqual(2);
    const writes = shelf.writes;
    world.store.photos.value = new Map(world.store.photos.value);
    await autosave.settled();
    expect(shelf.writes).toBe(writes);
  });

  it('is forgotten with the last photo, and back when closing that is undone', async () => {
    world.controller.openPhoto(photo());
    world.controller.give(CLICK);
    await autosave.settled();
    world.controller.closeImage(world.store.session.value.activeImage ?? '');
    await autosave.settled();
    expect([shelf.works.size, shelf.files.size]).toEqual([0, 0]);
    world.controller.undo();
    await new Promise((resolve) => setTimeout(resolve));
    await autosave.settled();
    expect(prompts(kept())).toEqual([CLICK]);
    expect(shelf.files.size).toBe(1);
  });
});

describe('what cannot be kept', () => {
  const said = (): string => {
    const saved = world.store.saved.value;
    return saved.phase === 'failed' ? sayFailure(saved.error) : saved.phase;
  };

  it('is told where files have no room left; the prompts are kept', async () => {
    shelf.room = 0;
    world.controller.openPhoto(photo());
    world.controller.give(CLICK);
    await autosave.settled();
    expect(said()).toMatch(/^cat\.jpg: the storage of this browser is full/);
    expect(prompts(kept())).toEqual([CLICK]);
  });

  it('is told where the file was moved; the prompts are kept', async () => {
    shelf.fileError = new DOMException('gone', 'NotReadableError');
    world.controller.openPhoto(photo());
    world.controller.give(CLICK);
    await autosave.settled();
    expect(said()).toMatch(/file of the photo could not be kept/);
    expect(prompts(kept())).toEqual([CLICK]);
  });

  it('is told, and kept once that is possible again', async () => {
    shelf.putError = new Error('disk');
    world.controller.openPhoto(photo());
    await autosave.settled();
    expect(said()).toMatch(/could not be kept in this browser/);
    shelf.putError = null;
    world.controller.give(CLICK);
    await autosave.settled();
    expect(said()).toBe('saved');
    expect(prompts(kept())).toEqual([CLICK]);
  });

  it('is told where there is no storage at all', async () => {
    const keeping = new Keeping({
      ...world.services,
      store: world.store,
      controller: world.controller,
      openWorks: () => Promise.reject(new Error('private window')),
    });
    await keeping.start();
    expect(said()).toMatch(/does not let the page keep your work/);
  });
});
