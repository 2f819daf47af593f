import type { App } from '../app';
import { Icon } from '../parts/icons';
import { titles } from '../tools/keyMap';
import { ViewMenu } from './ViewMenu';
import * as say from '../wording/page';
import './ZoomButtons.css';

export function ZoomButtons({ app }: { readonly app: App }) {
  const { view, store } = app;
  return (
    <div class="zoom" role="group" aria-label={say.zoomAndView}>
      <ViewMenu app={app} />
      <button
        type="button"
        aria-label={say.zoomOut}
        {...titles(app, 'zoom-out', say.zoomOut)}
        onClick={() => view.zoomOut()}
      >
        <Icon name="zoomOut" />
      </button>
      <span class="zoom-value">{Math.round(store.viewport.value.scale * 100)} %</span>
      <button
        type="button"
        aria-label={say.zoomIn}
        {...titles(app, 'zoom-in', say.zoomIn)}
        onClick={() => view.zoomIn()}
      >
        <Icon name="zoomIn" />
      </button>
      <button
        type="button"
        aria-label={say.fitImage}
        {...titles(app, 'fit', say.fitTheImage)}
        onClick={() => view.fit()}
      >
        <Icon name="fit" />
      </button>
    </div>
  );
}
