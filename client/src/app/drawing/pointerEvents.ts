/** DOM pointer, wheel and Space events -> gestures. */
import type { PointerInput } from '../../canvas/pointer';
import type { PointXy } from '../../shared/types';
import type { App } from '../app';
import { IS_APPLE } from '../parts/platform';

/** Zoom factor of one wheel line or pixel. */
const ZOOM_PER_PIXEL = 1.0015;
const PIXELS_PER_LINE = 40;

type Handlers = { readonly [Type in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Type]) => void };

/** Listen until the signal is given. */
function listen(target: EventTarget, handlers: Handlers, signal: AbortSignal): void {
  for (const [type, handler] of Object.entries(handlers)) {
    target.addEventListener(type, handler as EventListener, { signal, passive: false });
  }
}

export function attachPointer(canvas: HTMLCanvasElement, app: App): () => void {
  const { gestures } = app;
  const control = new AbortController();
  const { signal } = control;
  const space = followSpace(canvas, signal);
  listen(
    canvas,
    pointerHandlers(canvas, app, () => space.isHeld),
    signal,
  );
  listen(canvas, wheelHandlers(canvas, app), signal);
  followHover(canvas, app, () => space.isHeld, signal);
  // Who leaves the window with a button or Space held releases it elsewhere, unheard.
  const letGo = (): void => {
    space.release();
    gestures.release();
  };
  window.addEventListener('blur', letGo, { signal });
  document.addEventListener('visibilitychange', letGo, { signal });
  return () => control.abort();
}

const isNegative = (event: MouseEvent | KeyboardEvent): boolean =>
  event.shiftKey || event.altKey || (IS_APPLE && event.ctrlKey);

/** Milliseconds after which a right button that is held asks what it would give. */
const ASKING_PRESS = 250;
const RIGHT_BUTTON = 2;

/**
 * Where the mouse is while nothing is done with it; after a press not before it moves. A right button that is held where
 * it was pressed shows what its end will give.
 */
function followHover(
  canvas: HTMLCanvasElement,
  { store: { hover } }: App,
  isPanning: () => boolean,
  signal: AbortSignal,
): void {
  let pressed: PointXy | null = null;
  let asking: ReturnType<typeof setTimeout> | undefined;
  const leave = (): void => {
    clearTimeout(asking);
    hover.value = null;
  };
  const point = (event: PointerEvent): void => {
    const at = positionOn(canvas, event);
    const hasMoved = pressed?.x !== at.x || pressed.y !== at.y;
    if (!hasMoved) return;
    if (event.pointerType === 'touch' || event.buttons !== 0 || isPanning()) leave();
    else {
      pressed = null;
      hover.value = { at, isNegative: isNegative(event) };
    }
  };
  const press = (event: PointerEvent): void => {
    const at = positionOn(canvas, event);
    pressed = at;
    leave();
    const isHeld = event.type === 'pointerdown' && event.button === RIGHT_BUTTON;
    if (isHeld && event.pointerType === 'mouse' && !isPanning())
      asking = setTimeout(() => (hover.value = { at, isNegative: true }), ASKING_PRESS);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.code === 'Space') leave();
    else if (hover.value !== null && hover.value.isNegative !== isNegative(event)) {
      hover.value = { ...hover.value, isNegative: isNegative(event) };
    }
  };
  // A dialog takes the focus, and pointers then do not reach the canvas any more.
  const onFocus = ({ target }: FocusEvent): void => {
    if (target instanceof Element && target.closest('dialog') !== null) leave();
  };
  const onCanvas = { pointermove: point, pointerdown: press, pointerup: press, pointerleave: leave };
  listen(canvas, { ...onCanvas, pointercancel: leave }, signal);
  listen(window, { keydown: onKey, keyup: onKey, focusin: onFocus, blur: leave }, signal);
}

function pointerHandlers(canvas: HTMLCanvasElement, { gestures }: App, isPanning: () => boolean): Handlers {
  const inputOf = (event: PointerEvent): PointerInput => ({
    id: event.pointerId,
    kind: event.pointerType === 'touch' || event.pointerType === 'pen' ? event.pointerType : 'mouse',
    at: positionOn(canvas, event),
    button: event.button,
    negative: isNegative(event),
    isPrimary: event.isPrimary,
    panning: isPanning(),
  });
  return {
    pointerdown: (event) => {
      canvas.setPointerCapture(event.pointerId);
      gestures.down(inputOf(event));
    },
    pointermove: (event) => gestures.move(inputOf(event)),
    pointerup: (event) => gestures.up(inputOf(event)),
    pointercancel: ({ pointerId }) => gestures.cancelPointer(pointerId),
    // After every pointer's end, too, when it is nothing any more.
    lostpointercapture: ({ pointerId }) => gestures.cancelPointer(pointerId),
    dblclick: () => gestures.closePolygon(),
    contextmenu: (event) => event.preventDefault(),
  };
}

const wheelHandlers = (canvas: HTMLCanvasElement, { view }: App): Handlers => ({
  wheel: (event) => {
    event.preventDefault();
    const isInLines = event.deltaMode === WheelEvent.DOM_DELTA_LINE;
    const pixels = isInLines ? event.deltaY * PIXELS_PER_LINE : event.deltaY;
    view.zoom(ZOOM_PER_PIXEL ** -pixels, positionOn(canvas, event));
  },
});

function positionOn(canvas: HTMLCanvasElement, { clientX, clientY }: MouseEvent): PointXy {
  const { left, top } = canvas.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

/** Whether Space is held on the page or the canvas, but not in a field. */
function followSpace(canvas: HTMLCanvasElement, signal: AbortSignal) {
  const space = { isHeld: false, release: () => set(false) };
  const set = (held: boolean): void => {
    space.isHeld = held;
    canvas.classList.toggle('panning', held);
  };
  const handlers: Handlers = {
    keydown: (event) => {
      const isOnPage = event.target === document.body || event.target === canvas;
      if (event.code !== 'Space' || !isOnPage) return;
      event.preventDefault();
      set(true);
    },
    keyup: ({ code }) => {
      if (code === 'Space') set(false);
    },
  };
  listen(window, handlers, signal);
  return space;
}
