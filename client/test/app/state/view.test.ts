import { describe, expect, it } from 'vitest';
import { createStore } from '../../../src/app/state/store';
import { View } from '../../../src/app/state/view';
import { openImage } from '../../../src/session/transitions';

describe('a canvas without height, in a window too low for it', () => {
  it.each([
    [
      'fitted',
      (view: View) => {
        view.fit();
      },
    ],
    [
      'zoomed',
      (view: View) => {
        view.zoom(2);
      },
    ],
    [
      'moved',
      (view: View) => {
        view.pan({ x: 5, y: 5 });
      },
    ],
  ])('leaves the image where it is when it is %s', (_, act) => {
    const store = createStore();
    store.session.value = openImage(store.session.value, 'cat.jpg', { height: 300, width: 400 });
    const view = new View(store);
    view.resize({ height: 600, width: 800 });
    const before = store.viewport.value;
    view.resize({ height: 0, width: 320 });
    act(view);
    expect(store.viewport.value).toEqual(before);
    expect(before.scale).toBeGreaterThan(0);
  });
});
