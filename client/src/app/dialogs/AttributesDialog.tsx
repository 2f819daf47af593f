import { useRef } from 'preact/hooks';
import { attributesOf, coloursOf } from '../../session/classes';
import type { App } from '../app';
import { Dialog } from '../parts/Dialog';
import { chooseColour } from '../tools/labelling';
import { attributeText, describeClass } from '../tools/marking';
import * as say from '../wording/later';

/** What objects of a class say beside their label. */
export function AttributesDialog({ app }: { readonly app: App }) {
  const { attributesOpen } = app.store;
  const name = attributesOpen.value;
  return (
    <Dialog
      name="attributes"
      heading={say.attributesOf(name ?? '')}
      closing={say.closeAttributes}
      isOpen={name !== null}
      onClose={() => (attributesOpen.value = null)}
    >
      {(close) => name !== null && <Form key={name} app={app} name={name} onDone={close} />}
    </Dialog>
  );
}

interface FormProps {
  readonly app: App;
  readonly name: string;
  readonly onDone: () => void;
}

function Form({ app, name, onDone }: FormProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const { classList } = app.store.session.value;
  const describe = (): void => describeClass(app, name, field.current?.value ?? '');
  return (
    <form
      class="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        describe();
        onDone();
      }}
    >
      <textarea
        ref={field}
        class="dialog-field"
        autofocus
        aria-label={say.attributes}
        aria-describedby="attributes-hint"
        rows={6}
        placeholder={say.attributesExample}
        value={attributeText(attributesOf(app.store.session.value, name))}
      />
      <p id="attributes-hint" class="hint">
        {say.attributesHelp}
      </p>
      <div class="dialog-actions">
        {Object.hasOwn(coloursOf(classList), name) && (
          <button
            type="button"
            class="action"
            title={say.colourByNameHint}
            onClick={() => {
              describe();
              chooseColour(app, name, null);
              onDone();
            }}
          >
            {say.colourByName}
          </button>
        )}
        <button type="submit" class="action primary">
          {say.useTheseAttributes}
        </button>
      </div>
    </form>
  );
}
