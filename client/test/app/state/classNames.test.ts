import { beforeEach, describe, expect, it } from 'vitest';
import { parseClassNames } from '../../../src/app/state/classNames';
import { projectOf } from '../../../src/app/steps/projectOf';
import { NO_CLASSES } from '../../../src/session/state';
import type { Project } from '../../../src/shared/types';
import { click } from '../../samples';
import { settle, World } from '../world';

const MUG_AND_SPOON = { names: ['mug', 'spoon'], isVocabulary: true };

let world: World;

beforeEach(() => {
  world = new World();
});

const labels = (): (string | null | undefined)[] =>
  (projectOf(world.store).images[0]?.objects ?? []).map(({ label }) => label);

/** An object of two points, which this world calls "one". */
async function giveObject(): Promise<void> {
  world.controller.newObject();
  world.controller.give(click(1, 1));
  await world.answer();
  world.controller.give(click(2, 2));
  await world.answer();
}

describe('a list of names', () => {
  it.each([
    ['a\nb\n', ['a', 'b']],
    ['a, b,c', ['a', 'b', 'c']],
    ['  ripe   apple ,\n\n,leaf', ['ripe apple', 'leaf']],
    ['a,b,a', ['a', 'b']],
    [' \n', []],
  ])('%j', (text, names) => {
    expect(parseClassNames(text)).toEqual(names);
  });
});

describe('class names', () => {
  it('name what was segmented before and what will be, after one request', async () => {
    await world.openReady();
    await giveObject();
    expect(labels()).toEqual(['one']);
    world.controller.useClasses(MUG_AND_SPOON);
    expect(world.store.classNamesAsked.value).toBe(2);
    world.nameInquiries[0]?.answer();
    await settle();
    expect(world.store.classNamesAsked.value).toBe(0);
    await giveObject();
    expect(labels()).toEqual(['mug', 'mug']);
    expect(world.nameInquiries).toHaveLength(1);
  });

  it('name steps that are running when they arrive', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    world.controller.give(click(2, 2));
    await world.answer();
    world.controller.useClasses(MUG_AND_SPOON);
    world.nameInquiries[0]?.answer();
    await settle();
    await world.answer();
    expect(labels()).toEqual(['mug']);
  });

  it('go back to those of the model', async () => {
    await world.openReady();
    await giveObject();
    world.controller.useClasses(MUG_AND_SPOON);
    world.nameInquiries[0]?.answer();
    await settle();
    world.controller.useClasses(NO_CLASSES);
    await settle();
    expect(labels()).toEqual(['one']);
    expect(projectOf(world.store)).not.toHaveProperty('class_names');
  });

  it('are not waited for any more once they are undone', async () => {
    await world.openReady();
    world.controller.useClasses(MUG_AND_SPOON);
    world.controller.undo();
    await settle();
    expect(world.store.classNamesAsked.value).toBe(0);
  });

  it('that cannot be looked up are kept, and the labels stay', async () => {
    await world.openReady();
    await giveObject();
    world.controller.useClasses(MUG_AND_SPOON);
    world.nameInquiries[0]?.fail({ kind: 'network', message: 'the server cannot be reached' });
    await settle();
    expect(world.store.error.value).toMatchObject({
      kind: 'network',
      about: 'The class names cannot be looked up',
    });
    expect(labels()).toEqual(['one']);
    expect(projectOf(world.store).class_names).toEqual(['mug', 'spoon']);
  });

  it('of a project are looked up once the decoder is there', async () => {
    const saved: Project = {
      type: 'project',
      protocol_version: 1,
      format: 1,
      images: [],
      class_names: ['mug', 'spoon'],
    };
    world = new World(() => Promise.resolve({ kind: 'project', project: saved, remark: null }));
    await world.controller.openFiles([new File([], 'project.json')]);
    expect(world.nameInquiries).toEqual([]);
    await world.openReady();
    expect(world.nameInquiries.map(({ names }) => names)).toEqual([['mug', 'spoon']]);
    world.nameInquiries[0]?.answer();
    await settle();
    await giveObject();
    expect(labels()).toEqual(['mug']);
  });
});
