import { SERVER_PROVIDER } from '../../shared/model/providers';
import type { ToolGesture } from '../../canvas/toolGestures';
import type { App } from '../app';
import { LARGEST_BRUSH, resizeBrush, SMALLEST_BRUSH } from '../state/brush';
import { keyTexts, titles } from '../tools/keyMap';
import * as say from '../wording/page';
import './ToolOptions.css';

/** What the chosen tool lets the user choose, in a corner of the canvas. */
export function ToolOptions({ app }: { readonly app: App }) {
  const tool = app.store.tool.value;
  const gesture: ToolGesture = app.tools[tool].gesture;
  if (gesture.kind === 'drag' && gesture.paints !== undefined) return <BrushSize app={app} />;
  if (app.tools[tool].isWhole === true) return <WholeOptions app={app} />;
  return tool === 'click' ? <PreviewSwitch app={app} /> : null;
}

function PreviewSwitch({ app: { store } }: { readonly app: App }) {
  const decoder = store.decoder.value;
  if (decoder.phase === 'ready' && decoder.info.provider === SERVER_PROVIDER) return null;
  return (
    <div class="tool-options with-mouse">
      <label title={say.previewHint}>
        <input
          type="checkbox"
          checked={store.showsPreview.value}
          onChange={({ currentTarget }) => (store.showsPreview.value = currentTarget.checked)}
        />
        {say.preview}
      </label>
    </div>
  );
}

function WholeOptions({ app }: { readonly app: App }) {
  const { acceptsAtOnce, drawsMasks, tool } = app.store;
  return (
    <div class="tool-options">
      {tool.value === 'polygon' && (
        <label title={say.asDrawnHint}>
          <input
            type="checkbox"
            checked={drawsMasks.value}
            onChange={({ currentTarget }) => (drawsMasks.value = currentTarget.checked)}
          />
          {say.asDrawn}
        </label>
      )}
      <label {...titles(app, 'accept-at-once', say.acceptAtOnceHint)}>
        <input
          type="checkbox"
          checked={acceptsAtOnce.value}
          onChange={({ currentTarget }) => (acceptsAtOnce.value = currentTarget.checked)}
        />
        {say.acceptAtOnce}
      </label>
    </div>
  );
}

function BrushSize({ app }: { readonly app: App }) {
  const { store } = app;
  const [smaller, larger] = [keyTexts(app, 'smaller-brush'), keyTexts(app, 'larger-brush')];
  return (
    <div class="tool-options">
      <label title={say.brushHint(smaller, larger)}>
        {say.brush}
        <input
          type="range"
          aria-label={say.brushSize}
          min={SMALLEST_BRUSH}
          max={LARGEST_BRUSH}
          value={store.brush.value}
          onInput={({ currentTarget }) => resizeBrush(store, Number(currentTarget.value))}
        />
        <span class="brush-value">{say.pixelsWide(store.brush.value)}</span>
      </label>
    </div>
  );
}
