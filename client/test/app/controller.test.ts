import { beforeEach, describe, expect, it } from 'vitest';
import { projectOf } from '../../src/app/steps/projectOf';
import { timingsOf } from '../../src/app/steps/timings';
import { Failure } from '../../src/shared/errors';
import type { Project } from '../../src/shared/types';
import { click, stepResult } from '../samples';
import { KEY, photo, settle, SIZE, World } from './world';

let world: World;

beforeEach(() => {
  world = new World();
});

describe('prompts', () => {
  it('are decoded one after the other, each with the memory of the one before', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    world.controller.give(click(2, 2));
    expect(world.questions).toHaveLength(1);
    await world.answer();
    expect(world.questions[1]?.args.points).toHaveLength(2);
    expect(world.questions[1]?.args.memory).toEqual(stepResult({ fill: 1, size: SIZE }).maskLogits);
    await world.answer();
    expect(world.areas).toEqual([2]);
    expect(timingsOf(world.store).map(({ total }) => total > 0)).toEqual([true, true]);
  });

  it('given while the photo is embedded wait, and are answered when it arrives', async () => {
    world.controller.start();
    world.controller.openPhoto(photo());
    world.controller.give(click(1, 1));
    expect(world.questions).toEqual([]);
    world.embeds[0]?.arrive();
    await settle();
    await world.answer();
    expect(world.areas).toEqual([1]);
  });

  it('that are undone while they run are cancelled, and decoded again by redo', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    world.controller.undo();
    await settle();
    expect(world.areas).toEqual([]);
    expect(world.store.error.value).toBeNull();
    world.controller.redo();
    await world.answer();
    expect(world.areas).toEqual([1]);
  });

  it('that fail are named, kept, and tried again with the next one', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    world.questions[0]?.fail({ kind: 'decoder', message: 'out of memory' });
    await settle();
    expect(world.store.error.value).toMatchObject({ message: 'out of memory' });
    expect(world.questions).toHaveLength(1);
    world.controller.give(click(2, 2));
    await world.answer();
    await world.answer();
    expect(world.areas).toEqual([2]);
  });
});

describe('an embedding that is coming', () => {
  it('is handed to the decoder part by part, once that is ready', async () => {
    world.controller.openPhoto(photo());
    const { onBytes } = world.embeds[0]?.options ?? {};
    onBytes?.(Uint8Array.of(1, 2), 0);
    expect(world.calls).toEqual([]);
    world.controller.start();
    await settle();
    const part = Uint8Array.of(3);
    onBytes?.(part, 2);
    world.embeds[0]?.arrive();
    await settle();
    expect(world.calls).toEqual(['load', 'receive', 'open']);
    expect(part).toEqual(Uint8Array.of(3));
  });
});

describe('prompts while the photo is opened', () => {
  beforeEach(async () => {
    world.finishOpening = () => undefined;
    await world.openReady();
    world.controller.give(click(1, 1));
    world.controller.give(click(2, 2));
  });

  it('show drafts, which come once for each', async () => {
    await world.answer(true);
    expect(world.areas).toEqual([1]);
    await world.answer(true);
    expect(world.areas).toEqual([2]);
    expect(world.questions).toHaveLength(2);
    expect(timingsOf(world.store)).toEqual([]);
  });

  it('are answered again from the first on when it is opened', async () => {
    await world.answer(true);
    await world.answer(true);
    world.finishOpening?.();
    await settle();
    expect(world.questions[2]?.args).toMatchObject({ memory: null });
    expect(world.questions[2]?.args.points).toHaveLength(1);
    expect(world.areas).toEqual([2]);
    await world.answer();
    await world.answer();
    expect(world.questions).toHaveLength(4);
    const timings = timingsOf(world.store);
    expect(timings.map(({ draft = 0, total }) => draft > 0 && draft <= total)).toEqual([true, true]);
  });

  it('are answered again where only the memory was a draft', async () => {
    await world.answer(true);
    await world.answer();
    expect(timingsOf(world.store)).toEqual([]);
    world.finishOpening?.();
    await settle();
    await world.answer();
    await world.answer();
    expect(world.questions.map(({ args }) => args.points.length)).toEqual([1, 2, 1, 2]);
    expect(timingsOf(world.store)).toHaveLength(2);
  });

  it('have no mask in the project before it is more than a draft', async () => {
    await world.answer(true);
    expect(projectOf(world.store).images[0]?.objects[0]).toMatchObject({ mask: null, score: null });
    await world.answer(true);
    world.finishOpening?.();
    await settle();
    await world.answer();
    await world.answer();
    expect(projectOf(world.store).images[0]?.objects[0]?.mask?.counts[1]).toBe(2);
  });

  it('are asked again where a draft comes too late', async () => {
    world.finishOpening?.();
    await settle();
    await world.answer(true);
    expect(world.questions.map(({ args }) => args.points.length)).toEqual([1, 1]);
  });
});

describe('photos', () => {
  it('that the server refuses keep their prompts and can be tried again', async () => {
    world.controller.start();
    world.controller.openPhoto(photo());
    world.controller.give(click(1, 1));
    world.embeds[0]?.fail({ kind: 'http', status: 413, message: 'too large' });
    await settle();
    expect(world.store.activePhoto.value?.readiness).toMatchObject({ phase: 'failed' });
    world.controller.retry(world.store.session.value.activeImage ?? '');
    world.embeds[1]?.arrive();
    await settle();
    await world.answer();
    expect(world.areas).toEqual([1]);
  });

  it('of another size on the server are refused', async () => {
    world.originalHw = [6, 4];
    await world.openReady();
    expect(world.store.error.value).toMatchObject({
      kind: 'image',
      message: expect.stringMatching(/6 x 4 pixels.*4 x 6/) as unknown,
    });
  });

  it('that are closed while they are embedded are cancelled quietly', async () => {
    world.controller.openPhoto(photo());
    world.controller.closeImage(world.store.session.value.activeImage ?? '');
    expect(world.embeds[0]?.options.signal.aborted).toBe(true);
    world.embeds[0]?.fail({ kind: 'aborted', message: 'cancelled' });
    await settle();
    expect(world.store.error.value).toBeNull();
  });

  it('wait for a decoder that cannot be loaded, and say so', async () => {
    world.loadError = { kind: 'model', message: 'no decoder here' };
    await world.openReady();
    expect(world.store.activePhoto.value?.readiness).toMatchObject({ error: { message: 'no decoder here' } });
    expect(world.calls).toEqual(['load']);
    world.loadError = null;
    world.controller.retry(world.store.session.value.activeImage ?? '');
    world.embeds.at(-1)?.arrive();
    await settle();
    expect(world.store.activePhoto.value?.readiness).toMatchObject({ phase: 'ready' });
  });
});

describe('files', () => {
  const saved: Project = {
    type: 'project',
    protocol_version: 1,
    format: 1,
    images: [
      {
        name: 'cat.jpg',
        size_hw: [4, 6],
        key: null,
        objects: [
          { prompts: [click(1, 1), click(2, 2)], mask: null, label: 'Tom', score: null, timings: {} },
        ],
      },
    ],
  };

  it('that cannot be read are named', async () => {
    world = new World(() => Promise.reject(new Failure({ kind: 'image', message: 'a.txt is no photo' })));
    await world.controller.openFiles([new File([], 'a.txt')]);
    expect(world.store.error.value?.message).toBe('a.txt is no photo');
  });

  it('a project asks for its photo, and is replayed into it', async () => {
    world = new World(() => Promise.resolve({ kind: 'project', project: saved, remark: null }));
    await world.controller.openFiles([new File([], 'project.json')]);
    expect(world.store.awaited.value).toHaveLength(1);
    await world.openReady();
    await world.answer();
    await world.answer();
    expect(world.store.awaited.value).toEqual([]);
    expect(projectOf(world.store).images[0]).toMatchObject({
      key: KEY,
      objects: [{ prompts: saved.images[0]?.objects[0]?.prompts, label: 'Tom' }],
    });
  });

  it('a project is replayed into a photo that is open already', async () => {
    world = new World(() => Promise.resolve({ kind: 'project', project: saved, remark: null }));
    await world.openReady();
    await world.controller.openFiles([new File([], 'project.json')]);
    await world.answer();
    await world.answer();
    expect(world.areas).toEqual([2]);
  });

  it('of annotations say what is left out of them, whatever was opened after them', async () => {
    const remark = 'Left out, since they make no mask: 2 line';
    world = new World((file) =>
      Promise.resolve(
        file.name === 'c.jpg'
          ? { kind: 'photo', photo: photo('c.jpg') }
          : { kind: 'project', project: saved, remark: file.name === 'c.json' ? null : remark },
      ),
    );
    await world.controller.openFiles([new File([], 'c.json')]);
    expect(world.store.notice.value).toBeNull();
    await world.controller.openFiles(['a.json', 'c.jpg'].map((name) => new File([], name)));
    expect(world.store.notice.value).toBe(`a.json: ${remark}`);
    await world.controller.openFiles(['a.json', 'b.json'].map((name) => new File([], name)));
    expect(world.store.notice.value).toBe(`a.json: ${remark}; the like in 1 more`);
  });

  it('a project does not go into a photo of another size', async () => {
    world = new World(() => Promise.resolve({ kind: 'project', project: saved, remark: null }));
    await world.controller.openFiles([new File([], 'project.json')]);
    world.controller.openPhoto(photo('cat.jpg', { height: 9, width: 9 }));
    expect(world.store.awaited.value).toHaveLength(1);
  });
});
