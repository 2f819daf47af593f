import { useRef } from 'preact/hooks';
import { toldApart } from '../../canvas/distinct';
import { classNamesOf, coloursOf } from '../../session/classes';
import type { App } from '../app';
import { Dialog } from '../parts/Dialog';
import { parseClassNames } from '../state/classNames';
import type { Store } from '../state/store';
import * as say from '../wording/later';
import './ClassNamesDialog.css';

/** A list of the user's own names, which labels are chosen from. */
export function ClassNamesDialog({ app }: { readonly app: App }) {
  const { classNamesOpen } = app.store;
  return (
    <Dialog
      name="class-names"
      heading={say.classNamesHeading}
      closing={say.closeClassNames}
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
  const setApart = useRef<HTMLInputElement>(null);
  const known = classNamesOf(store.session.value);
  const use = (isVocabulary: boolean): void => {
    const names = parseClassNames(field.current?.value ?? '', known);
    const chosen = coloursOf(store.session.value.classList);
    controller.useClasses({
      names,
      isVocabulary: isVocabulary && takesTexts(store),
      ...(setApart.current?.checked === true && { colours: toldApart(names, chosen) }),
    });
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
        aria-label={say.classNames}
        aria-describedby="class-names-hint"
        rows={8}
        placeholder={say.classNamesExample}
        value={known.join('\n')}
      />
      <p id="class-names-hint" class="hint">
        {say.classNamesHelp}
      </p>
      <label>
        <input ref={setApart} type="checkbox" />
        {say.tellColoursApart}
      </label>
      <div class="dialog-actions">
        <button type="button" class="action" onClick={() => use(false)}>
          {say.useTheModelsNames}
        </button>
        <button type="submit" class="action primary">
          {say.useTheseNames}
        </button>
      </div>
    </form>
  );
}

const takesTexts = ({ decoder }: Store): boolean =>
  decoder.value.phase !== 'ready' || decoder.value.info.textBytes !== null;
