import { useEffect, useRef } from 'preact/hooks';
import type { App } from '../app';
import { Icon } from '../parts/icons';
import { GESTURE_HELP, shortcutsFor } from '../tools/shortcuts';

export function HelpDialog({ app: { store, tools } }: { readonly app: App }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = store.helpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const close = (): void => {
    store.helpOpen.value = false;
  };
  return (
    <dialog ref={dialog} class="dialog help" aria-labelledby="help-heading" onClose={close}>
      <header>
        <h2 id="help-heading">Keys and gestures</h2>
        <button type="button" class="quiet" aria-label="Close help" title="Close (Esc)" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div class="help-columns">
        <Rows rows={GESTURE_HELP} />
        <Rows rows={shortcutsFor(tools).map(({ keys, does }) => [keys, does] as const)} />
      </div>
    </dialog>
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
