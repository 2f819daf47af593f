/** Digits and the list of classes, as a user meets them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../../src/app/app';
import { sceneOf } from '../../../src/app/drawing/scene';
import { projectOf } from '../../../src/app/steps/projectOf';
import {
  chooseClassAt,
  chooseColour,
  createClasses,
  reorderClass,
  toggleClass,
  tryColour,
} from '../../../src/app/tools/labelling';
import { classNamesOf } from '../../../src/session/classes';
import { nextUndo } from '../../../src/session/history';
import { click } from '../../samples';
import { photo, settle, World } from '../world';

let app: App;
let world: World;

beforeEach(() => {
  world = new World();
  app = createApp(world.services);
  app.controller.openPhoto(photo());
});

const labels = (): unknown[] =>
  (projectOf(app.store).images[0]?.objects ?? []).map(({ label, label_origin }) =>
    label_origin === 'user' ? label : null,
  );

const give = (): void => app.controller.give(click(1, 1));

describe('a digit', () => {
  it('labels the selected object and the ones that come', () => {
    createClasses(app, 'dog\ncat');
    give();
    chooseClassAt(app, 1);
    expect(labels()).toEqual(['cat']);
    app.controller.newObject();
    give();
    expect(labels()).toEqual(['cat', 'cat']);
    chooseClassAt(app, 0);
    expect(labels()).toEqual(['cat', 'dog']);
  });

  it('before the first prompt labels the object that it begins', () => {
    createClasses(app, 'dog, cat');
    chooseClassAt(app, 0);
    give();
    expect(labels()).toEqual(['dog']);
  });

  it('means the labels in use while no class was made', () => {
    give();
    const [first] = app.store.activeImage.value?.document.objects ?? [];
    app.controller.relabel(first?.id ?? '', 'mug');
    app.controller.newObject();
    give();
    expect(labels()).toEqual(['mug', null]);
    chooseClassAt(app, 0);
    expect(labels()).toEqual(['mug', 'mug']);
  });

  it('without a class changes nothing, and the first says so', () => {
    give();
    chooseClassAt(app, 4);
    expect(app.store.notice.value).toBeNull();
    chooseClassAt(app, 0);
    expect(app.store.notice.value).toMatch(/no class yet/);
    expect(labels()).toEqual([null]);
  });

  it('is undone as one change', () => {
    createClasses(app, 'dog');
    give();
    chooseClassAt(app, 0);
    app.undo();
    expect(labels()).toEqual([null]);
  });
});

describe('the list', () => {
  it('lets go of the class for the next objects when it is chosen again', () => {
    createClasses(app, 'dog');
    expect(app.store.nextLabel.value).toBeNull();
    toggleClass(app, 'dog');
    expect(app.store.nextLabel.value).toBe('dog');
    toggleClass(app, 'dog');
    expect(app.store.nextLabel.value).toBeNull();
    give();
    expect(labels()).toEqual([null]);
    toggleClass(app, 'dog');
    expect([labels(), app.store.nextLabel.value]).toEqual([['dog'], 'dog']);
  });

  it('changes digits with its order, and no label', () => {
    createClasses(app, 'dog, cat');
    give();
    chooseClassAt(app, 0);
    reorderClass(app, 'cat', -1);
    expect([labels(), classNamesOf(app.store.session.value)]).toEqual([['dog'], ['cat', 'dog']]);
    chooseClassAt(app, 0);
    expect(labels()).toEqual(['cat']);
  });

  it('of the user asks the server for nothing', async () => {
    app.controller.start();
    await settle();
    createClasses(app, 'dog, cat');
    reorderClass(app, 'cat', -1);
    await settle();
    expect(world.nameInquiries).toEqual([]);
  });

  it('that the model names by is looked up again when it changes, and when undo brings it back', async () => {
    app.controller.start();
    await settle();
    app.controller.useClasses({ names: ['mug'], isVocabulary: true });
    createClasses(app, 'spoon');
    app.undo();
    expect(world.nameInquiries.map(({ names }) => names)).toEqual([['mug'], ['mug', 'spoon'], ['mug']]);
  });

  it('keeps a name with a comma whole', () => {
    give();
    app.controller.relabel(app.store.activeImage.value?.document.activeObject ?? '', 'cup, large');
    createClasses(app, 'cup, large');
    expect(classNamesOf(app.store.session.value)).toEqual(['cup, large']);
  });
});

describe('a colour that the user looks for', () => {
  beforeEach(() => createClasses(app, 'dog, cat'));

  const shown = (): unknown => app.store.classColours.value;
  const undoes = (): unknown => nextUndo(app.store.session.value);

  it('is shown, and is a step once it is chosen', () => {
    give();
    chooseClassAt(app, 0);
    const before = sceneOf(app)?.objects[0]?.colour;
    tryColour(app, 'dog', '#111111');
    tryColour(app, 'dog', '#0a80ff');
    expect(shown()).toEqual({ dog: '#0a80ff' });
    expect(sceneOf(app)?.objects[0]?.colour).toEqual([10, 128, 255]);
    expect([undoes(), projectOf(app.store).class_colours]).toEqual(['label', undefined]);
    chooseColour(app, 'dog', '#0a80ff');
    expect([undoes(), projectOf(app.store).class_colours]).toEqual(['colour of dog', { dog: '#0a80ff' }]);
    app.undo();
    expect(shown()).toEqual({});
    expect(sceneOf(app)?.objects[0]?.colour).toEqual(before);
  });

  it('is over when the list changes', () => {
    tryColour(app, 'dog', '#111111');
    reorderClass(app, 'cat', -1);
    expect(shown()).toEqual({});
  });

  it('is given up for that of the name', () => {
    chooseColour(app, 'dog', '#0a80ff');
    chooseColour(app, 'dog', null);
    expect(shown()).toEqual({});
  });
});
