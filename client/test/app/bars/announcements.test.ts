import { beforeEach, expect, it } from 'vitest';
import { followStore } from '../../../src/app/bars/announcements';
import { click } from '../../samples';
import { photo, settle, World } from '../world';

let world: World;
let said: string[];

beforeEach(async () => {
  world = new World();
  said = [];
  followStore(world.store).announcement.subscribe((text) => {
    if (text.trim() !== '') said.push(text.trim());
  });
  await world.openReady();
  said.length = 0;
});

async function give(x: number): Promise<void> {
  world.controller.give(click(x, 1));
  await settle();
  await world.answer();
}

it('an answer is its object, label and score, not how long it took', async () => {
  await give(1);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^Object 1: (one|none), \d+ percent$/);
  expect(said[0]).not.toMatch(/ms|Model|Provider/);
});

it('a second click is announced again although it says the same', async () => {
  await give(1);
  await give(2);
  expect(said).toHaveLength(2);
});

it('undo, redo, new, deleted and selected objects are said', async () => {
  await give(1);
  said.length = 0;
  world.controller.undo();
  world.controller.redo();
  world.controller.newObject();
  const [first] = world.store.activeImage.value?.document.objects ?? [];
  world.controller.selectObject(first?.id ?? '');
  world.controller.deleteObject(first?.id ?? '');
  expect(said).toEqual([
    'Undone: click',
    'Redone: click',
    'Done: new object',
    'Object 1 selected',
    'Done: delete object',
  ]);
});

it('what was saved and what failed are said', () => {
  world.controller.notify('Mask PNG saved to your downloads');
  world.controller.report({ kind: 'network', message: 'ECONNREFUSED' });
  expect(said).toEqual([
    'Mask PNG saved to your downloads',
    'Error: The server cannot be reached. Check the connection and try again. Your work is kept.',
  ]);
});

it('another photo is said by its name', () => {
  world.controller.openPhoto(photo('dog.jpg'));
  expect(said).toEqual(['Photo dog.jpg']);
});
