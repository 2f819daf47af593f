import { useEffect, useRef } from 'preact/hooks';
import type { App } from '../app';
import { parseClassNames } from '../state/classNames';
import { Icon } from '../parts/icons';

/** As in `MAX_CLASS_NAMES` of the wire format. */
const MAX_NAMES = 4096;

/** A list of the user's own names, which labels are chosen from. */
export function ClassNamesDialog({ app: { store, controller } }: { readonly app: App }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const isOpen = store.classNamesOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const close = (): void => {
    store.classNamesOpen.value = false;
  };
  const use = (text: string): void => {
    const names = parseClassNames(text).slice(0, MAX_NAMES);
    controller.useClassNames(names.length === 0 ? null : names);
    close();
  };
  return (
    <dialog ref={dialog} class="dialog class-names" aria-labelledby="class-names-heading" onClose={close}>
      <header>
        <h2 id="class-names-heading">What objects are called</h2>
        <button
          type="button"
          class="quiet"
          aria-label="Close class names"
          title="Close (Esc)"
          onClick={close}
        >
          <Icon name="close" />
        </button>
      </header>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          use(field.current?.value ?? '');
        }}
      >
        <textarea
          ref={field}
          autofocus
          aria-label="Class names"
          aria-describedby="class-names-hint"
          rows={8}
          placeholder={'ripe apple\ngreen apple\nleaf'}
          value={store.session.value.classNames?.join('\n') ?? ''}
        />
        <p id="class-names-hint" class="hint">
          A name a line, or commas between them. Every object gets the one that fits best; the server is asked
          once what they mean.
        </p>
        <div class="dialog-actions">
          <button
            type="button"
            class="action"
            onClick={() => {
              use('');
            }}
          >
            Use the model’s names
          </button>
          <button type="submit" class="action primary">
            Use these names
          </button>
        </div>
      </form>
    </dialog>
  );
}
