/** What users do with the canvas that photos are embedded on. */
import { setCanvas } from '../../session/canvas';
import type { App } from '../app';
import * as say from '../wording/page';

/** Sides that are offered, pixels, beside what the model usually takes. */
const SIDES: readonly number[] = [256, 384, 512, 768, 1024];

export interface CanvasChoice {
  /** Null: the usual one. */
  readonly canvas: number | null;
  /** For people. */
  readonly name: string;
  /** What an embedding on it takes, by the last one; null: there was none. */
  readonly cost: string | null;
}

/** Those that the server takes, and the one that the shown photo has; the smallest first. */
export function canvasChoices({ store }: Pick<App, 'store'>): readonly CanvasChoice[] {
  const canvases = store.canvases.value;
  const chosen = store.activeImage.value?.document.canvas ?? null;
  if (canvases === null)
    return chosen === null ? [] : [choice(null, 'usual', null), choice(chosen, `${chosen}`, null)];
  const { usual, largest } = canvases;
  const sides = new Set([
    ...SIDES.filter((side) => side <= largest),
    usual,
    ...(chosen === null ? [] : [chosen]),
  ]);
  return [...sides]
    .sort((a, b) => a - b)
    .map((side) =>
      choice(
        side === usual ? null : side,
        side === usual ? say.usual(side) : `${side}`,
        costOn(store, side, usual),
      ),
    );
}

const choice = (canvas: number | null, name: string, cost: string | null): CanvasChoice => ({
  canvas,
  name,
  cost,
});

/** Time and bytes grow with the square of the side. */
function costOn({ embedCost }: App['store'], side: number, usual: number): string | null {
  if (embedCost.value === null) return null;
  const { canvas, bytes, milliseconds } = embedCost.value;
  const factor = (side / (canvas ?? usual)) ** 2;
  const isMeasured = side === (canvas ?? usual);
  const [seconds, megabytes] = [(factor * milliseconds) / 1000, (factor * bytes) / 1e6];
  return say.costs(seconds.toFixed(1), megabytes.toFixed(1), isMeasured);
}

/** Of the shown photo, of those without prompts, and of those that are opened from now on. */
export function chooseCanvas(
  { store, controller }: Pick<App, 'store' | 'controller'>,
  canvas: number | null,
): void {
  store.nextCanvas.value = canvas;
  controller.change((session) => setCanvas(session, canvas));
}

/** Learn which canvases the server takes; where it does not say, it is asked again the next time. */
export async function learnCanvases({ store, canvases }: Pick<App, 'store' | 'canvases'>): Promise<void> {
  if (store.canvases.value !== null) return;
  try {
    store.canvases.value = await canvases();
  } catch {
    // The photo's own requests say that the server is not there.
  }
}
