/** DOM pointer, wheel and Space events -> gestures. */
import type { PointerInput } from '../../canvas/pointer';
import type { PointXy } from '../../shared/types';
import type { App } from '../app';

/** Zoom factor of one wheel line or pixel. */
const ZOOM_PER_PIXEL = 1.0015;
const PIXELS_PER_LINE = 40;

/** Where Ctrl+click is the right click of a mouse with one button. */
const IS_APPLE = /Macintosh|iPhone|iPad/.test(navigator.userAgent);

export function attachPointer(canvas: HTMLCanvasElement, app: App): () => void {
  const { gestures, view } = app;
  const control = new AbortController();
  const options = { signal: control.signal };
  let spaceHeld = false;

  const positionOf = (event: MouseEvent): PointXy => {
    const bounds = canvas.getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
  };
  const inputOf = (event: PointerEvent): PointerInput => ({
    id: event.pointerId,
    kind: event.pointerType === 'touch' || event.pointerType === 'pen' ? event.pointerType : 'mouse',
    at: positionOf(event),
    button: event.button,
    negative: event.shiftKey || event.altKey || (IS_APPLE && event.ctrlKey),
    isPrimary: event.isPrimary,
    panning: spaceHeld,
  });
  const setSpace = (held: boolean): void => {
    spaceHeld = held;
    canvas.classList.toggle('panning', held);
  };

  canvas.addEventListener(
    'pointerdown',
    (event) => {
      canvas.setPointerCapture(event.pointerId);
      gestures.down(inputOf(event));
    },
    options,
  );
  canvas.addEventListener(
    'pointermove',
    (event) => {
      gestures.move(inputOf(event));
    },
    options,
  );
  canvas.addEventListener(
    'pointerup',
    (event) => {
      gestures.up(inputOf(event));
    },
    options,
  );
  canvas.addEventListener(
    'pointercancel',
    (event) => {
      gestures.cancelPointer(event.pointerId);
    },
    options,
  );
  // After every pointer's end, too, when it is nothing any more.
  canvas.addEventListener(
    'lostpointercapture',
    (event) => {
      gestures.cancelPointer(event.pointerId);
    },
    options,
  );
  // Whoever leaves the window takes the end of what is held down along.
  const letGo = (): void => {
    setSpace(false);
    gestures.release();
  };
  window.addEventListener('blur', letGo, options);
  document.addEventListener('visibilitychange', letGo, options);
  canvas.addEventListener(
    'dblclick',
    () => {
      gestures.closePolygon();
    },
    options,
  );
  canvas.addEventListener(
    'contextmenu',
    (event) => {
      event.preventDefault();
    },
    options,
  );
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const pixels =
        event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * PIXELS_PER_LINE : event.deltaY;
      view.zoom(ZOOM_PER_PIXEL ** -pixels, positionOf(event));
    },
    { ...options, passive: false },
  );
  window.addEventListener(
    'keydown',
    (event) => {
      const onPage = event.target === document.body || event.target === canvas;
      if (event.code !== 'Space' || !onPage) return;
      event.preventDefault();
      setSpace(true);
    },
    options,
  );
  window.addEventListener(
    'keyup',
    (event) => {
      if (event.code === 'Space') setSpace(false);
    },
    options,
  );
  return () => {
    control.abort();
  };
}
