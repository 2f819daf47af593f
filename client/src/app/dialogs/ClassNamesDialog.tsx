import { useRef } from 'preact/hooks';
import { classNamesOf } from '../../session/classes';
import type { App } from '../app';
import { Dialog } from '../parts/Dialog';
import { parseClassNames } from '../state/classNames';
import type { Store } from '../state/store';
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
  const known = classNamesOf(store.session.value);
  const use = (isVocabulary: boolean): void => {
    const names = parseClassNames(field.current?.value ?? '', known);
    controller.useClasses({ names, isVocabulary: isVocabulary && takesTexts(store) });
    onDone();
  };
  return (
    <form
      class="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        use(true);
      }}
    >
      <textarea
        ref={field}
        class="dialog-field"
        autofocus
        aria-label="Class names"
        aria-describedby="class-names-hint"
        rows={8}
        placeholder={'ripe apple\ngreen apple\nleaf'}
        value={known.join('\n')}
      />
      <p id="class-names-hint" class="hint">
        A name a line, or commas between them; the first nine have the keys 1 to 9. With “Use these names”
        every object gets the one that fits best as the model’s guess: the server is asked once what they
        mean. With “Use the model’s names” the list is for your own labels only.
      </p>
      <div class="dialog-actions">
        <button type="button" class="action" onClick={() => use(false)}>
          Use the model’s names
        </button>
        <button type="submit" class="action primary">
          Use these names
        </button>
      </div>
    </form>
  );
}

const takesTexts = ({ decoder }: Store): boolean =>
  decoder.value.phase !== 'ready' || decoder.value.info.textBytes !== null;
