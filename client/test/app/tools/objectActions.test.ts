/** The tool Select and the keys of whole objects, as a user meets them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../../src/app/app';
import {
  copySelected,
  deleteSelected,
  duplicateSelected,
  hideSelected,
  isObjectNewest,
  mergeSelected,
  pasteCopied,
  showHidden,
} from '../../../src/app/tools/objectActions';
import { groupSelected, lockSelected, ungroupSelected } from '../../../src/app/tools/marking';
import { neighbourOf, showNeighbour } from '../../../src/app/tools/photoActions';
import * as say from '../../../src/app/wording/page';
import type { PointerInput } from '../../../src/canvas/pointer';
import { toScreen } from '../../../src/canvas/viewport';
import { deselect } from '../../../src/session/objects';
import { activeObjectOf } from '../../../src/session/state';
import { click } from '../../samples';
import { photo, settle, SIZE, World } from '../world';

let app: App;
let world: World;

beforeEach(async () => {
  world = new World();
  app = createApp(world.services);
  app.view.resize({ height: 480, width: 640 });
  app.controller.start();
  app.controller.openPhoto(photo());
  world.embeds.at(-1)?.arrive();
  await settle();
});

/** An object of `count` prompts, answered by a mask of as many pixels. */
async function give(count: number): Promise<void> {
  app.controller.newObject();
  for (let y = 0; y < count; y++) {
    app.controller.give(click(0.5, y + 0.5));
    await world.answer();
  }
}

const press = (x: number, y: number, button = 0): void => {
  const input: PointerInput = {
    ...{ id: 1, kind: 'mouse', button, negative: false, isPrimary: true, panning: false },
    at: toScreen(app.store.viewport.value, { x, y }),
  };
  app.gestures.down(input);
  app.gestures.up(input);
};

const selected = (): number | undefined => {
  const image = app.store.activeImage.value;
  return (image && activeObjectOf(image))?.number;
};

const count = (): number => app.store.activeImage.value?.document.objects.length ?? 0;

describe('the tool Select', () => {
  it('selects what is clicked on, by either button, and gives no prompt', async () => {
    await give(3);
    await give(1);
    app.chooseTool('select');
    press(0.5, 1.5);
    expect(selected()).toBe(1);
    press(0.5, 0.5, 2);
    expect(selected()).toBe(2);
    press(5.5, 3.5);
    expect(selected()).toBeUndefined();
    expect(app.store.activeImage.value?.document.objects.map(({ steps }) => steps.length)).toEqual([3, 1]);
  });
});

describe('a key that has nothing to do', () => {
  const keys: Readonly<Record<string, (app: App) => void>> = {
    ...{ hide: hideSelected, duplicate: duplicateSelected, delete: deleteSelected },
    ...{ lock: lockSelected, ungroup: ungroupSelected },
  };

  it.each(Object.keys(keys))('says so where no object is selected: %s', async (name) => {
    await give(1);
    app.controller.change(deselect);
    keys[name]?.(app);
    expect(app.store.notice.value).toBe(say.selectFirst);
    expect(count()).toBe(1);
  });

  it.each([
    ['delete', deleteSelected, say.selectedIsLocked],
    ['ungroup', ungroupSelected, say.selectedIsLocked],
    ['show all', showHidden, say.nothingHidden],
    ['merge', mergeSelected, say.mergeTwo('M')],
    ['group', groupSelected, say.groupTwo('Ctrl+G')],
  ])('says so at a locked object: %s', async (_, run, words) => {
    await give(1);
    lockSelected(app);
    run(app);
    expect(app.store.notice.value).toBe(words);
    expect(count()).toBe(1);
  });

  it('says by which keys of the user it would', async () => {
    await give(1);
    app.store.keyChoices.value = { group: ['j'], 'show-all': ['ctrl+j'] };
    groupSelected(app);
    expect(app.store.notice.value).toContain('J groups the two');
    hideSelected(app);
    expect(app.store.notice.value).toBe('Object 1 is hidden: Ctrl+J shows all again');
  });
});

describe('the selected object', () => {
  it('is hidden, and all are shown again', async () => {
    await give(1);
    hideSelected(app);
    expect(app.store.activeImage.value?.document.hidden.size).toBe(1);
    showHidden(app);
    expect(app.store.activeImage.value?.document.hidden.size).toBe(0);
  });

  it('is duplicated without asking the decoder', async () => {
    await give(2);
    const asked = world.questions.length;
    duplicateSelected(app);
    await settle();
    expect([count(), world.questions.length]).toEqual([2, asked]);
  });

  it('is copied to another photo, where its prompts are run again', async () => {
    await give(2);
    copySelected(app);
    expect(app.store.notice.value).toMatch(/2 prompts/);
    app.controller.openPhoto(photo('other.jpg', { height: 2 * SIZE.height, width: SIZE.width }));
    pasteCopied(app);
    world.originalHw = [2 * SIZE.height, SIZE.width];
    world.embeds.at(-1)?.arrive();
    await settle();
    expect(world.questions.at(-1)?.args.prompts).toEqual([click(0.5, 1)]);
  });

  it('is what Ctrl+V means until the window was left', async () => {
    await give(1);
    expect(isObjectNewest(app)).toBe(false);
    copySelected(app);
    expect(isObjectNewest(app)).toBe(true);
    app.store.leftSinceCopy.value = true;
    expect(isObjectNewest(app)).toBe(false);
  });
});

it('photos are turned, and not beyond the first and the last', () => {
  app.controller.openPhoto(photo('b.jpg'));
  const [first, second] = app.store.session.value.images;
  expect([neighbourOf(app, 1), neighbourOf(app, -1)]).toEqual([null, first?.id]);
  showNeighbour(app, -1);
  expect(app.store.session.value.activeImage).toBe(first?.id);
  showNeighbour(app, -1);
  expect(app.store.session.value.activeImage).toBe(first?.id);
  showNeighbour(app, 1);
  expect(app.store.session.value.activeImage).toBe(second?.id);
});
