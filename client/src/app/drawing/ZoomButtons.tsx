import type { App } from '../app';
import { Icon } from '../parts/icons';
import { titles } from '../tools/keyMap';
import { ViewMenu } from './ViewMenu';
import './ZoomButtons.css';

export function ZoomButtons({ app }: { readonly app: App }) {
  const { view, store } = app;
  return (
    <div class="zoom" role="group" aria-label="Zoom and view">
      <ViewMenu app={app} />
      <button
        type="button"
        aria-label="Zoom out"
        {...titles(app, 'zoom-out', 'Zoom out')}
        onClick={() => view.zoomOut()}
      >
        <Icon name="zoomOut" />
      </button>
      <span class="zoom-value">{Math.round(store.viewport.value.scale * 100)} %</span>
      <button
        type="button"
        aria-label="Zoom in"
        {...titles(app, 'zoom-in', 'Zoom in')}
        onClick={() => view.zoomIn()}
      >
        <Icon name="zoomIn" />
      </button>
      <button
        type="button"
        aria-label="Fit image"
        {...titles(app, 'fit', 'Fit the image')}
        onClick={() => view.fit()}
      >
        <Icon name="fit" />
      </button>
    </div>
  );
}
