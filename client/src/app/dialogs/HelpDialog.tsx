import type { App } from '../app';
import { Dialog } from '../parts/Dialog';
import { GESTURE_HELP, shortcutsFor } from '../tools/shortcuts';
import './HelpDialog.css';

export function HelpDialog({ app: { store, tools } }: { readonly app: App }) {
  return (
    <Dialog
      name="help"
      heading="Keys and gestures"
      closing="Close help"
      isOpen={store.helpOpen.value}
      onClose={() => (store.helpOpen.value = false)}
    >
      {() => (
        <div class="help-columns">
          <Rows rows={GESTURE_HELP} />
          <Rows
            rows={shortcutsFor(tools).flatMap(({ keys, does }) => (keys === null ? [] : [[keys, does]]))}
          />
        </div>
      )}
    </Dialog>
  );
}

function Rows({ rows }: { readonly rows: readonly (readonly [string, string])[] }) {
  return (
    <dl>
      {rows.map(([keys, does]) => (
        <div>
          <dt>{keys}</dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  );
}
