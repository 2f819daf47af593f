import { beforeEach, expect, it } from 'vitest';
import { createApp, type App } from '../../../src/app/app';
import { projectOf } from '../../../src/app/steps/projectOf';
import { finishShown, markShown, noteOnShown, showNextToDo } from '../../../src/app/tools/photoActions';
import { photo, World } from '../world';

let app: App;

beforeEach(() => {
  app = createApp(new World().services);
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) app.controller.openPhoto(photo(name), name === 'a.jpg');
});

const shown = (): string | undefined => app.store.activeImage.value?.name;
const states = (): unknown[] => projectOf(app.store).images.map(({ state, note }) => [state, note]);

it('Ctrl+Enter finishes photo after photo, and says when there is none left', () => {
  finishShown(app);
  expect(shown()).toBe('b.jpg');
  markShown(app, 'rejected');
  noteOnShown(app, 'blurred');
  finishShown(app);
  finishShown(app);
  expect(states()).toEqual([
    ['done', undefined],
    ['rejected', 'blurred'],
    ['done', undefined],
  ]);
  expect(shown()).toBe('c.jpg');
  expect(app.store.notice.value).toMatch(/to do/);
});

it('what was said of a photo is undone there', () => {
  markShown(app, 'checked');
  app.undo();
  expect(states()[0]).toEqual([undefined, undefined]);
  app.redo();
  expect(states()[0]).toEqual(['checked', undefined]);
  showNextToDo(app);
  expect(shown()).toBe('b.jpg');
});
