import { useRef } from 'preact/hooks';
import { MAX_CLASS_NAMES } from '../../shared/reading/limits';
import type { App } from '../app';
import { Dialog } from '../parts/Dialog';
import { parseClassNames } from '../state/classNames';
import './ClassNamesDialog.css';

/** A list of the user's own names, which labels are chosen from. */
export function ClassNamesDialog({ app }: { readonly app: App }) {
  const { classNamesOpen } = app.store;
  return (
    <Dialog
      name="class-names"
      heading="What objects are called"
      closing="Close class names"
      isOpen={classNamesOpen.value}
      onClose={() => (classNamesOpen.value = false)}
    >
      {(close) => <NamesForm app={app} onDone={close} />}
    </Dialog>
  );
}

interface FormProps {
  readonly app: App;
  readonly onDone: () => void;
}

function NamesForm({ app: { store, controller }, onDone }: FormProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const use = (text: string): void => {
    const names = parseClassNames(text).slice(0, MAX_CLASS_NAMES);
    controller.useClassNames(names.length === 0 ? null : names);
    onDone();
  };
  return (
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
        <button type="button" class="action" onClick={() => use('')}>
          Use the model’s names
        </button>
        <button type="submit" class="action primary">
          Use these names
        </button>
      </div>
    </form>
  );
}
