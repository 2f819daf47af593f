import { effect, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Scene } from '../../canvas/layers';
import { Painter } from '../../canvas/painter';
import { roundedPoint } from '../../canvas/viewport';
import { activeObjectOf } from '../../session/state';
import type { PointXy, SizeHw } from '../../shared/types';
import type { App } from '../app';
import { attachPointer } from './pointerEvents';
import { ToolOptions } from './ToolOptions';
import { sceneOf } from './scene';
import type { Store } from '../state/store';
import { keysOf } from '../tools/keyMap';
import { recordPaint } from '../steps/timings';
import * as say from '../wording/page';
import './CanvasView.css';

const FINE_STEP = 1;
const COARSE_STEP = 12;

const ARROWS: Readonly<Record<string, PointXy>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

export function CanvasView({ app }: { readonly app: App }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const detach = [paintOnChange(element, app), followSize(element, app), attachPointer(element, app)];
    return () => {
      for (const stop of detach) stop();
    };
  }, [app]);
  return (
    <>
      <canvas
        ref={canvas}
        class="canvas"
        role="application"
        aria-label={say.imageCanvas}
        aria-description={say.canvasHint}
        tabIndex={0}
        onKeyDown={(event) => onCanvasKey(event, app)}
        onBlur={() => {
          app.gestures.release();
          app.store.crosshair.value = null;
        }}
      />
      {app.store.activeImage.value !== null && <ToolOptions app={app} />}
    </>
  );
}

/** Draw at most once a frame, whenever something that is drawn has changed. */
function paintOnChange(canvas: HTMLCanvasElement, app: App): () => void {
  const { store } = app;
  const painter = new Painter();
  let frame = 0;
  const { density, unfollow } = followDensity();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const paint = (scene: Scene | null, { width, height }: SizeHw): void => {
    const ratio = density.peek();
    const pixels = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    if (canvas.width !== pixels.width || canvas.height !== pixels.height) Object.assign(canvas, pixels);
    const context = canvas.getContext('2d');
    if (context === null) return;
    const started = performance.now();
    if (scene === null) {
      painter.clear();
      context.clearRect(0, 0, canvas.width, canvas.height);
    } else {
      const { again } = painter.paint(context, scene, ratio, started);
      if (again !== null) timer = setTimeout(paintSoon, again, scene, { width, height });
    }
    if (scene?.preview) canvas.dataset.preview = 'true';
    else delete canvas.dataset.preview;
    recordPaint(store, started, performance.now());
  };
  const paintSoon = (scene: Scene | null, size: SizeHw): void => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => paint(scene, size));
  };
  const stop = effect(() => {
    // Painted again on a screen of another density, too.
    if (density.value > 0) paintSoon(sceneOf(app), store.canvasSize.value);
  });
  return () => {
    stop();
    unfollow();
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    painter.clear();
  };
}

/** Pixels of the screen in one of CSS; another screen or the browser's zoom changes it. */
function followDensity() {
  const density = signal(window.devicePixelRatio);
  let control = new AbortController();
  const watch = (): void => {
    control = new AbortController();
    const media = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    media.addEventListener('change', onChange, { signal: control.signal });
  };
  const onChange = (): void => {
    control.abort();
    density.value = window.devicePixelRatio;
    watch();
  };
  watch();
  const unfollow = (): void => control.abort();
  return { density, unfollow };
}

function followSize(canvas: HTMLCanvasElement, { view }: App): () => void {
  const observer = new ResizeObserver(() => {
    view.resize({ width: canvas.clientWidth, height: canvas.clientHeight });
  });
  observer.observe(canvas);
  return () => observer.disconnect();
}

function onCanvasKey(event: KeyboardEvent, app: App): void {
  const arrow = ARROWS[event.key];
  const hasOtherModifier = event.ctrlKey || event.metaKey || event.altKey;
  if (arrow !== undefined && !hasOtherModifier) {
    const step = event.shiftKey ? FINE_STEP : COARSE_STEP;
    app.view.moveCrosshair({ x: arrow.x * step, y: arrow.y * step });
    const at = app.store.crosshair.value;
    if (at !== null) app.gestures.follow(roundedPoint(at));
  } else if (event.key === 'Enter' && !hasOtherModifier) {
    onCanvasEnter(app, event.shiftKey);
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

/**
 * The tool's next point at the crosshair. Without one, the end of a polygon or of the object; before there is any, the
 * crosshair and a word about it.
 */
function onCanvasEnter(app: App, negative: boolean): void {
  const { store, view, gestures, controller } = app;
  const at = store.crosshair.value;
  if (at !== null) {
    gestures.enter(roundedPoint(at), negative);
  } else if (gestures.hasCorners) {
    gestures.closePolygon();
  } else if (hasPrompts(store) && keysOf(app, 'accept').includes('enter')) {
    app.accept();
  } else if (store.activeImage.value !== null) {
    view.moveCrosshair({ x: 0, y: 0 });
    controller.notify(say.crosshairMoves);
  }
}

/** Whether the active object has any. */
function hasPrompts({ activeImage }: Store): boolean {
  const object = activeImage.value && activeObjectOf(activeImage.value);
  return object !== null && object.steps.length > 0;
}
