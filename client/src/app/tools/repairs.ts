/** Repairs of the selected object's mask; each is one of its prompts. */
import { activeObjectOf, resultOf } from '../../session/state';
import { MAX_SMOOTHING } from '../../shared/reading/limits';
import type { SizeHw } from '../../shared/types';
import type { App } from '../app';
import * as say from '../wording/page';

export interface Repair {
  readonly name: string;
  readonly title: string;
  /** A path on a grid of 24. */
  readonly icon: string;
  /** Pixels, for a mask of an area on a photo. */
  readonly size: (area: number, photo: SizeHw) => number;
}

/** Of a mask the part that is a speck at most. */
const SPECK = 1 / 50;
/** Of the photo's diagonal, how far smoothing looks. */
const REACH = 1 / 400;

/** In the order of the buttons. */
export const REPAIRS = {
  'fill-holes': {
    name: say.fillHoles,
    title: say.fillHolesHint,
    icon: 'M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM9.500 12a2.500 2.500 0 1 0 5 0 2.500 2.500 0 0 0-5 0M10.500 10.500l3 3',
    size: (_, { height, width }) => height * width,
  },
  'remove-specks': {
    name: say.removeSpecks,
    title: say.removeSpecksHint,
    icon: 'M4 9a5 5 0 1 0 10 0 5 5 0 0 0-10 0M18 6v.01M17 12v.01M19.500 16v.01M14 18v.01M8 19v.01',
    size: (area) => Math.max(Math.round(area * SPECK), 4),
  },
  smooth: {
    name: say.smooth,
    title: say.smoothHint,
    icon: 'M4 15c3-8 5-8 8-3s5 5 8-3',
    size: (_, { height, width }) =>
      Math.min(Math.max(Math.round(Math.hypot(height, width) * REACH), 1), MAX_SMOOTHING),
  },
} as const satisfies Readonly<Record<string, Repair>>;

export type RepairMethod = keyof typeof REPAIRS;

export function repairSelected({ controller, store }: App, method: RepairMethod): void {
  const image = store.activeImage.value;
  const object = image && activeObjectOf(image);
  const result = object && resultOf(store.session.value, object);
  if (image === null || !result) {
    controller.notify(say.selectMaskFirst);
    return;
  }
  const last = object.steps.at(-1)?.prompt;
  const again = say.repairedAlready[method];
  if (last?.kind === 'repair' && last.method === method && again !== undefined) {
    controller.notify(again);
    return;
  }
  const size = REPAIRS[method].size(result.area, image.size);
  controller.give({ kind: 'repair', method, size });
}
