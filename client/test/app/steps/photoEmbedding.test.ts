import { beforeEach, expect, it, vi } from 'vitest';
import { photo, settle, World } from '../world';

let world: World;
/** Where each embedding is read again, in the order in which the decoder is told. */
let sources: Blob[];

beforeEach(() => {
  world = new World();
  sources = [];
  const { decoder } = world.services;
  const call = decoder.call.bind(decoder);
  vi.spyOn(decoder, 'call').mockImplementation((name, args, options) => {
    const { source } = args as { source?: Blob };
    if (source !== undefined) sources.push(source);
    return call(name, args, options);
  });
});

/** Open a photo; its embedding comes, and lies on disk a little later. */
async function embedded(stored: Blob): Promise<void> {
  world.controller.start();
  world.controller.openPhoto(photo());
  world.embeds.at(-1)?.arrive();
  await settle();
  world.embeds.at(-1)?.options.onStored?.(stored);
}

it('an embedding is held where it is stored, once it is', async () => {
  const stored = new Blob(['on disk']);
  await embedded(stored);
  expect(world.calls).toEqual(['load', 'open', 'reread']);
  expect(sources).toHaveLength(2);
  expect(sources[0]).not.toBe(stored);
  expect(sources[1]).toBe(stored);
});

it('an embedding that was kept is held where it lies from the first', async () => {
  world.controller.start();
  world.controller.openPhoto(photo());
  const stored = new Blob(['on disk']);
  world.embeds[0]?.options.onKept?.();
  world.embeds[0]?.options.onStored?.(stored);
  world.embeds[0]?.arrive();
  await settle();
  expect(world.calls).toEqual(['load', 'open']);
  expect(sources).toEqual([stored]);
});

it('one that is stored after the photo has gone to another canvas is not held', async () => {
  await embedded(new Blob(['on disk']));
  const [former] = world.embeds;
  const [image] = world.store.session.value.images;
  world.controller.change((session) => ({
    ...session,
    images: session.images.map((one) => ({ ...one, document: { ...one.document, canvas: 600 } })),
  }));
  await settle();
  expect(image).toBeDefined();
  expect(world.embeds).toHaveLength(2);
  const before = sources.length;
  former?.options.onStored?.(new Blob(['late']));
  expect(sources).toHaveLength(before);
});

it('a photo whose embedding the decoder can no longer read is sent once more, and its prompt answered', async () => {
  await embedded(new Blob(['on disk']));
  world.controller.give({ kind: 'click', x: 1, y: 1, label: 1 });
  await settle();
  world.questions[0]?.fail({ kind: 'decoder', what: 'embedding-lost', message: 'gone' });
  await settle();
  expect(world.embeds).toHaveLength(2);
  expect(world.embeds[1]?.options.isFresh).toBe(true);
  world.embeds[1]?.arrive();
  await settle();
  await world.answer();
  expect(world.areas).toEqual([1]);
  expect(world.store.error.value).toBeNull();
});
