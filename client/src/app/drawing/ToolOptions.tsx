import { SERVER_PROVIDER } from '../../bridge/serverDecoder';
import type { App } from '../app';
import './ToolOptions.css';

/** What the chosen tool lets the user choose, in a corner of the canvas. */
export function ToolOptions({ app: { store } }: { readonly app: App }) {
  const decoder = store.decoder.value;
  const canPreview = decoder.phase !== 'ready' || decoder.info.provider !== SERVER_PROVIDER;
  if (store.tool.value !== 'click' || !canPreview) return null;
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
