import { beforeEach, describe, expect, it } from 'vitest';
import { projectOf } from '../../src/app/steps/projectOf';
import type { Project } from '../../src/shared/types';
import { click } from '../samples';
import { SIZE, KEY, photo, say, settle, vectorsOf, World } from './world';

let world: World;

beforeEach(() => {
  world = new World();
});

describe('texts', () => {
  it('are looked up once, and answered with the graphs that take them', async () => {
    await world.openReady();
    world.controller.giveText('  the   dog ');
    expect(world.questions).toEqual([]);
    expect(world.store.textsAsked.value).toEqual(['the dog']);
    expect(world.inquiries[0]?.options.fingerprint).toBe('0123abcd');
    world.inquiries[0]?.answer();
    await settle();
    expect(world.calls).toContain('fetchText');
    expect(world.store.textsAsked.value).toEqual([]);
    expect(world.questions[0]?.args).toMatchObject({ points: [], texts: [vectorsOf('the dog')] });
    await world.answer();
    world.controller.newObject();
    world.controller.giveText('the dog');
    await settle();
    expect(world.inquiries).toHaveLength(1);
    expect(world.questions).toHaveLength(2);
  });

  it('stay with their object for the prompts that follow', async () => {
    await world.openReady();
    world.controller.giveText('dog');
    world.inquiries[0]?.answer();
    await settle();
    await world.answer();
    world.controller.give(click(1, 1));
    expect(world.questions[1]?.args).toMatchObject({ points: [{ x: 1 }], texts: [vectorsOf('dog')] });
    expect(world.questions[1]?.args.memory).not.toBeNull();
    expect(world.inquiries).toHaveLength(1);
  });

  it('do not hold up clicks on other objects', async () => {
    await world.openReady();
    world.controller.giveText('dog');
    world.controller.newObject();
    world.controller.give(click(1, 1));
    expect(world.questions[0]?.args).toMatchObject({ points: [{ x: 1 }], texts: [] });
  });

  it('that are asked for while others are, are asked for next', async () => {
    await world.openReady();
    world.controller.giveText('dog');
    world.controller.newObject();
    world.controller.giveText('cat');
    world.inquiries[0]?.answer();
    await settle();
    expect(world.inquiries.map(({ texts }) => texts)).toEqual([['dog'], ['cat']]);
  });

  it('that cannot be looked up are named and kept, and can be tried again', async () => {
    await world.openReady();
    world.controller.giveText('dog');
    world.inquiries[0]?.fail({ kind: 'http', status: 404, message: 'no text encoder is loaded' });
    await settle();
    expect(world.store.error.value).toMatchObject({ status: 404, about: '“dog” cannot be looked up' });
    expect(projectOf(world.store).images[0]?.objects[0]?.prompts).toEqual([say('dog')]);
    expect(world.inquiries).toHaveLength(1);
    world.controller.retryPrompts();
    expect(world.store.error.value).toBeNull();
    world.inquiries[1]?.answer();
    await settle();
    await world.answer();
    expect(projectOf(world.store).images[0]?.objects[0]?.mask).not.toBeNull();
  });

  it('that are known already are not blamed', async () => {
    await world.openReady();
    world.controller.giveText('dog');
    world.inquiries[0]?.answer();
    await settle();
    await world.answer();
    world.controller.giveText('on the left');
    expect(world.inquiries[1]?.texts).toEqual(['on the left']);
    world.inquiries[1]?.fail({ kind: 'network', message: 'the server cannot be reached' });
    await settle();
    expect(world.store.error.value?.about).toBe('“on the left” cannot be looked up');
  });

  it('that cannot be looked up leave the other prompts of their object working', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    await world.answer();
    world.controller.giveText('dog');
    world.inquiries[0]?.fail({ kind: 'http', status: 404, message: 'no text encoder is loaded' });
    await settle();
    for (const x of [2, 3]) {
      world.controller.give(click(x, x));
      expect(world.questions.at(-1)?.args).toMatchObject({ texts: [] });
      expect(world.questions.at(-1)?.args.memory).not.toBeNull();
      await world.answer();
    }
    expect(world.areas).toEqual([3]);
    // The server is not asked again with every click.
    expect(world.inquiries).toHaveLength(1);
    expect([...world.store.failedSteps.value.values()]).toMatchObject([{ status: 404 }]);
  });

  it('of a project are looked up where the photo is known by its key alone', async () => {
    const object = { prompts: [say('dog')], mask: null, label: null, score: null, timings: {} };
    const image = { name: 'other.jpg', size_hw: [SIZE.height, SIZE.width], key: KEY, objects: [object] };
    const project = {
      type: 'project',
      protocol_version: 1,
      format: 1,
      images: [image],
    } as unknown as Project;
    const fresh = new World();
    fresh.controller.start();
    fresh.controller.openProject(project);
    fresh.controller.openPhoto(photo());
    fresh.embeds[0]?.arrive();
    await settle();
    expect(fresh.inquiries.map(({ texts }) => texts)).toEqual([['dog']]);
  });

  it('that failed are tried again with a photo that cannot be had, and do not wait for it', async () => {
    await world.openReady();
    world.controller.giveText('dog');
    world.inquiries[0]?.fail({ kind: 'network', message: 'the server cannot be reached' });
    await settle();
    world.controller.openPhoto(photo('lost.jpg'));
    world.embeds.at(-1)?.fail({ kind: 'network', message: 'the server cannot be reached' });
    await settle();
    world.controller.retry(world.store.session.value.activeImage ?? '');
    expect(world.inquiries.map(({ texts }) => texts)).toEqual([['dog'], ['dog']]);
  });

  it('that are answered at last are seen by the prompts that followed them', async () => {
    await world.openReady();
    world.controller.giveText('dog');
    world.inquiries[0]?.fail({ kind: 'network', message: 'the server cannot be reached' });
    await settle();
    world.controller.give(click(1, 1));
    await world.answer();
    world.controller.retryPrompts();
    world.inquiries[1]?.answer();
    await settle();
    expect(world.questions.at(-1)?.args).toMatchObject({ points: [], texts: [vectorsOf('dog')] });
    await world.answer();
    expect(world.questions.at(-1)?.args).toMatchObject({ points: [{ x: 1 }], texts: [vectorsOf('dog')] });
    expect(world.questions).toHaveLength(3);
    await world.answer();
    expect(world.areas).toEqual([1]);
    expect(world.store.failedSteps.value.size).toBe(0);
  });

  it('of which one is known leave that one in', async () => {
    await world.openReady();
    world.controller.giveText('dog');
    world.inquiries[0]?.answer();
    await settle();
    await world.answer();
    world.controller.giveText('on the left');
    world.inquiries[1]?.fail({ kind: 'network', message: 'the server cannot be reached' });
    await settle();
    world.controller.give(click(1, 1));
    expect(world.questions.at(-1)?.args).toMatchObject({ points: [{ x: 1 }], texts: [vectorsOf('dog')] });
  });

  it('that are taken back leave the other prompts, which are done again', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    await world.answer();
    world.controller.giveText('dog');
    world.inquiries[0]?.fail({ kind: 'network', message: 'the server cannot be reached' });
    await settle();
    world.controller.give(click(2, 2));
    await world.answer();
    const [object] = world.store.activeImage.value?.document.objects ?? [];
    world.controller.removePrompt(object?.id ?? '', object?.steps[1]?.id ?? '');
    await world.answer();
    expect(projectOf(world.store).images[0]?.objects[0]?.prompts).toEqual([click(1, 1), click(2, 2)]);
    expect(world.areas).toEqual([2]);
  });

  it('wait for graphs that could not be fetched, and say so', async () => {
    await world.openReady();
    world.graphsError = { kind: 'network', message: 'cannot be fetched' };
    world.controller.expectText();
    await settle();
    expect(world.store.error.value).toBeNull();
    world.controller.giveText('dog');
    world.inquiries[0]?.answer();
    await settle();
    expect(world.store.error.value?.message).toMatch(/cannot be fetched/);
    expect(world.questions).toEqual([]);
  });

  it('of a saved project are looked up together', async () => {
    const objects = ['dog', 'cat', 'dog'].map((text) => ({
      prompts: [say(text)],
      mask: null,
      label: null,
      score: null,
      timings: {},
    }));
    const saved: Project = {
      type: 'project',
      protocol_version: 1,
      format: 1,
      images: [{ name: 'cat.jpg', size_hw: [4, 6], key: null, objects }],
    };
    world = new World(() => Promise.resolve({ kind: 'project', project: saved, remark: null }));
    await world.openReady();
    await world.controller.openFiles([new File([], 'project.json')]);
    expect(world.inquiries.map(({ texts }) => texts)).toEqual([['dog', 'cat']]);
  });
});
