import { useRef, useState } from 'preact/hooks';
import type { KeyFault } from '../../api/authorized';
import type { App } from '../app';
import { Dialog } from '../parts/Dialog';
import * as say from '../wording/page';
import './ApiKeyDialog.css';

const WHY: Readonly<Record<KeyFault, string | null>> = {
  missing: null,
  unknown: say.unknownKey,
  'not-allowed': say.keyNotAllowed,
};

const NO_KEY = say.notAKey;

/** Asks for the key of the server when it wants one; what waits for it goes on afterwards. */
export function ApiKeyDialog({ app: { apiKeys } }: { readonly app: App }) {
  const fault = apiKeys.asked.value;
  return (
    <Dialog
      name="api-key"
      heading={say.asksForKey}
      closing={say.closeWithoutAKey}
      isOpen={fault !== null}
      onClose={() => {
        if (apiKeys.asked.value !== null) apiKeys.decline();
      }}
    >
      {(close) => fault !== null && <KeyForm fault={fault} give={(key) => apiKeys.give(key)} close={close} />}
    </Dialog>
  );
}

interface FormProps {
  readonly fault: KeyFault;
  readonly give: (key: string) => boolean;
  readonly close: () => void;
}

function KeyForm({ fault, give, close }: FormProps) {
  const field = useRef<HTMLInputElement>(null);
  const [isWrong, setWrong] = useState(false);
  const why = isWrong ? NO_KEY : WHY[fault];
  return (
    <form
      class="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        setWrong(!give(field.current?.value ?? ''));
      }}
    >
      <label for="api-key-field">{say.apiKey}</label>
      <input
        ref={field}
        id="api-key-field"
        class="dialog-field"
        type="password"
        autofocus
        autocomplete="off"
        spellcheck={false}
        aria-invalid={why !== null}
        aria-describedby="api-key-why api-key-hint"
      />
      <p id="api-key-why" class="why" role="alert">
        {why}
      </p>
      <p id="api-key-hint" class="hint">
        {say.apiKeyHint}
      </p>
      <div class="dialog-actions">
        <button type="button" class="action" onClick={close}>
          {say.goOnWithout}
        </button>
        <button type="submit" class="action primary">
          {say.useThisKey}
        </button>
      </div>
    </form>
  );
}
