import { useRef, useState } from 'preact/hooks';
import type { KeyFault } from '../../api/authorized';
import type { App } from '../app';
import { Dialog } from '../parts/Dialog';
import './ApiKeyDialog.css';

const WHY: Readonly<Record<KeyFault, string | null>> = {
  missing: null,
  unknown: 'The server does not know this key. Check it for missing characters, or ask its operator.',
  'not-allowed':
    'This key does not allow what was asked. Give another one, or ask the operator of the server.',
};

const NO_KEY = 'This cannot be a key: it is empty or has characters that no key has.';

/** Asks for the key of the server when it wants one; what waits for it goes on afterwards. */
export function ApiKeyDialog({ app: { apiKeys } }: { readonly app: App }) {
  const fault = apiKeys.asked.value;
  return (
    <Dialog
      name="api-key"
      heading="This server asks for an API key"
      closing="Close without a key"
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
      <label for="api-key-field">API key</label>
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
        Its operator has one for you. It is kept until this tab is closed, and sent to this server only.
      </p>
      <div class="dialog-actions">
        <button type="button" class="action" onClick={close}>
          Go on without
        </button>
        <button type="submit" class="action primary">
          Use this key
        </button>
      </div>
    </form>
  );
}
