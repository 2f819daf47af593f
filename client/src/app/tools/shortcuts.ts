/** What the rows of `keyTable.ts` run. */
import { LOOKS } from '../../canvas/layers';
import type { App } from '../app';
import { stepBrush } from '../state/brush';
import { placedTools } from '../state/tools';
import { toggleAcceptance } from './acceptance';
import { isChosen, keyRowsOf } from './keyMap';
import { CLASS_KEYS, classKey, toolKey, type Command, type NamedRow } from './keyTable';
import { chooseClassAt } from './labelling';
import {
  copySelected,
  deleteSelected,
  duplicateSelected,
  hasNext,
  hideSelected,
  isObjectNewest,
  mergeSelected,
  pasteCopied,
  selectNext,
  showHidden,
} from './objectActions';
import { followSelected } from './followActions';
import { groupSelected, lockSelected, ungroupSelected } from './marking';
import { repairSelected } from './repairs';
import { finishShown, showNeighbour } from './photoActions';
import { sharpenHere } from './sharpActions';

interface Action {
  readonly run: (app: App) => void;
  /** When the key comes up again, for what lasts as long as it is held. */
  readonly release?: (app: App) => void;
  /** When the key is the page's; else the browser does what it always does. */
  readonly isFree?: (app: App) => boolean;
}

export interface Shortcut extends NamedRow, Action {}

const ACTIONS: Readonly<Record<Command, Action>> = {
  accept: { run: (app) => app.accept() },
  'accept-at-once': { run: toggleAcceptance },
  'new-object': { run: ({ controller }) => controller.newObject() },
  undo: { run: (app) => app.undo() },
  redo: { run: (app) => app.redo() },
  'last-prompt': {
    run: ({ gestures, controller }) => {
      if (gestures.hasCorners) gestures.removeLastCorner();
      else controller.removeLastPrompt();
    },
  },
  'another-mask': { run: ({ alternatives }) => void alternatives.next() },
  delete: { run: deleteSelected },
  'next-object': { run: (app) => selectNext(app, 1) },
  'previous-object': { run: (app) => selectNext(app, -1) },
  'tab-on': { run: (app) => selectNext(app, 1), isFree: (app) => isOnCanvas() && hasNext(app, 1) },
  'tab-back': { run: (app) => selectNext(app, -1), isFree: (app) => isOnCanvas() && hasNext(app, -1) },
  hide: { run: hideSelected },
  'show-all': { run: showHidden },
  duplicate: { run: duplicateSelected },
  merge: { run: mergeSelected },
  lock: { run: lockSelected },
  group: { run: groupSelected },
  ungroup: { run: ungroupSelected },
  follow: { run: (app) => void followSelected(app) },
  'fill-holes': { run: (app) => repairSelected(app, 'fill-holes') },
  'remove-specks': { run: (app) => repairSelected(app, 'remove-specks') },
  smooth: { run: (app) => repairSelected(app, 'smooth') },
  copy: { run: copySelected, isFree: () => document.getSelection()?.isCollapsed !== false },
  paste: { run: pasteCopied, isFree: isObjectNewest },
  'next-photo': { run: (app) => showNeighbour(app, 1) },
  'previous-photo': { run: (app) => showNeighbour(app, -1) },
  finish: { run: finishShown },
  'smaller-brush': { run: ({ store }) => stepBrush(store, -1) },
  'larger-brush': { run: ({ store }) => stepBrush(store, 1) },
  cancel: { run: ({ gestures }) => gestures.cancel() },
  'sharpen-here': { run: sharpenHere },
  'zoom-in': { run: ({ view }) => view.zoomIn() },
  'zoom-out': { run: ({ view }) => view.zoomOut() },
  fit: { run: ({ view }) => view.fit() },
  'actual-size': { run: ({ view }) => view.actualSize() },
  look: {
    run: ({ store: { look } }) => {
      look.value = LOOKS[(LOOKS.indexOf(look.value) + 1) % LOOKS.length] ?? 'filled';
    },
  },
  peek: {
    run: ({ store }) => {
      store.peeking.value = true;
    },
    release: ({ store }) => {
      store.peeking.value = false;
    },
  },
  help: {
    run: ({ store }) => {
      store.helpOpen.value = true;
    },
  },
};

const isOnCanvas = (): boolean => document.activeElement instanceof HTMLCanvasElement;

const ofClass = (place: number): readonly [string, Action] => [
  classKey(place),
  { run: (app) => chooseClassAt(app, place) },
];

/** All that keys of this page run, by the names of rows. */
const actionsOf = ({ tools }: Pick<App, 'tools'>): ReadonlyMap<string, Action> =>
  new Map([
    ...placedTools(tools).map(({ tool }): readonly [string, Action] => [
      toolKey(tool),
      { run: (app) => app.chooseTool(tool) },
    ]),
    ...Array.from({ length: CLASS_KEYS }, (_, place) => ofClass(place)),
    ...Object.entries(ACTIONS),
  ]);

/** All keys of the page and what they run; what the user has chosen comes first. */
export function shortcutsOf(app: Pick<App, 'store' | 'tools'>): readonly Shortcut[] {
  const actions = actionsOf(app);
  const shortcuts = keyRowsOf(app).flatMap((row) => {
    const action = actions.get(row.id);
    return action === undefined ? [] : [{ ...row, ...action }];
  });
  return shortcuts.sort((a, b) => Number(isChosen(app, b.id)) - Number(isChosen(app, a.id)));
}
