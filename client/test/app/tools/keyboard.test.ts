/** What keys do to the page: while they are held, and for objects that are accepted at once. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp, type App } from '../../../src/app/app';
import { sceneOf } from '../../../src/app/drawing/scene';
import { giveWords } from '../../../src/app/tools/acceptance';
import { keyboardOf } from '../../../src/app/tools/keyboard';
import { settle, photo, World } from '../world';

let app: App;

const key = (key: string, code: string): KeyboardEvent =>
  ({
    ...{ key, code, target: null, preventDefault: vi.fn(), isComposing: false },
    ...{ ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
  }) as unknown as KeyboardEvent;

beforeEach(() => {
  const body = {};
  vi.stubGlobal('document', { activeElement: body, body, querySelector: () => null });
  vi.stubGlobal('HTMLElement', Date);
  app = createApp(new World().services);
  app.view.resize({ height: 480, width: 640 });
  app.controller.openPhoto(photo('large.png', { height: 240, width: 320 }));
});

const shown = (): number | undefined => sceneOf(app)?.objects.length;
const objects = (): readonly number[] =>
  app.store.activeImage.value?.document.objects.map(({ steps }) => steps.length) ?? [];

describe('the key that hides all masks', () => {
  beforeEach(() => app.controller.give({ kind: 'click', x: 3, y: 3, label: 1 }));

  it('does so as long as it is held', () => {
    const keyboard = keyboardOf(app);
    keyboard.down(key('q', 'KeyQ'));
    keyboard.down(key('q', 'KeyQ'));
    expect(shown()).toBe(0);
    keyboard.up({ code: 'KeyA' });
    expect(shown()).toBe(0);
    keyboard.up({ code: 'KeyQ' });
    expect(shown()).toBe(1);
  });

  it('ends when the window is left, since it is not heard to come up', () => {
    const keyboard = keyboardOf(app);
    keyboard.down(key('q', 'KeyQ'));
    keyboard.letGo();
    expect(shown()).toBe(1);
  });
});

describe('Enter', () => {
  beforeEach(() => app.controller.give({ kind: 'click', x: 3, y: 3, label: 1 }));

  /** What has the focus, as far as it is asked. */
  const focused = (kind: string) => ({ matches: (selector: string) => selector.includes(kind) });

  it.each([
    ['checkbox', 2],
    ['radio', 2],
    ['button', 1],
  ])('on a %s leaves this many objects after the next click: %s', (kind, count) => {
    vi.stubGlobal('document', { activeElement: focused(kind), body: {}, querySelector: () => null });
    keyboardOf(app).down(key('Enter', 'Enter'));
    app.controller.give({ kind: 'click', x: 9, y: 9, label: 1 });
    expect(objects()).toHaveLength(count);
  });
});

describe('while objects are accepted at once', () => {
  beforeEach(() => keyboardOf(app).down(key('a', 'KeyA')));

  const box = (y: number): void => {
    app.chooseTool('box');
    for (const [name, at] of [
      ['down', { x: 100, y }],
      ['move', { x: 200, y: y + 60 }],
      ['up', { x: 200, y: y + 60 }],
    ] as const)
      app.gestures[name]({
        ...{ id: 1, kind: 'mouse', button: 0, negative: false, isPrimary: true, panning: false },
        at,
      });
  };

  it('every box is an object, and one undo takes it back', () => {
    box(100);
    box(200);
    expect(objects()).toEqual([1, 1]);
    app.undo();
    expect(objects()).toEqual([1]);
    keyboardOf(app).down(key('a', 'KeyA'));
    box(100);
    box(200);
    expect(objects()).toEqual([1, 2]);
  });

  it('a click begins an object that clicks correct, which a box does not end', () => {
    app.controller.give({ kind: 'click', x: 3, y: 3, label: 1 });
    app.controller.give({ kind: 'click', x: 9, y: 9, label: 1 });
    box(100);
    expect(objects()).toEqual([3]);
  });

  it('words that begin an object are all of it', async () => {
    await giveWords(app, 'cup');
    await giveWords(app, 'plate');
    await settle();
    expect(objects()).toEqual([1, 1]);
  });
});
