import { SERVER_PROVIDER } from '../../bridge/serverDecoder';
import type { ToolGesture } from '../../canvas/toolGestures';
import type { App } from '../app';
import { LARGEST_BRUSH, resizeBrush, SMALLEST_BRUSH } from '../state/brush';
import './ToolOptions.css';

/** What the chosen tool lets the user choose, in a corner of the canvas. */
export function ToolOptions({ app }: { readonly app: App }) {
  const tool = app.store.tool.value;
  const gesture: ToolGesture = app.tools[tool].gesture;
  if (gesture.kind === 'drag' && gesture.paints !== undefined) return <BrushSize app={app} />;
  return tool === 'click' ? <PreviewSwitch app={app} /> : null;
}

function PreviewSwitch({ app: { store } }: { readonly app: App }) {
  const decoder = store.decoder.value;
  if (decoder.phase === 'ready' && decoder.info.provider === SERVER_PROVIDER) return null;
  return (
    <div class="tool-options with-mouse">
      <label title="Show what a click would give where the mouse is">
        <input
          type="checkbox"
          checked={store.showsPreview.value}
          onChange={({ currentTarget }) => (store.showsPreview.value = currentTarget.checked)}
        />
        Preview
      </label>
    </div>
  );
}

function BrushSize({ app: { store } }: { readonly app: App }) {
  return (
    <div class="tool-options">
      <label title="Size of the brush on the screen ([ and ])">
        Brush
        <input
          type="range"
          aria-label="Brush size"
          min={SMALLEST_BRUSH}
          max={LARGEST_BRUSH}
          value={store.brush.value}
          onInput={({ currentTarget }) => resizeBrush(store, Number(currentTarget.value))}
        />
        <span class="brush-value">{store.brush.value} px</span>
      </label>
    </div>
  );
}
