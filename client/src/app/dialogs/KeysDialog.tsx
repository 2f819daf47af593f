import { useState } from 'preact/hooks';
import type { App } from '../app';
import { Dialog } from '../parts/Dialog';
import { Icon } from '../parts/icons';
import { chooseKeys, conflictsOf, resetKeys, takeKey, usePreset } from '../tools/keyChoices';
import { isChosen, keyRowsOf, keyText } from '../tools/keyMap';
import { presetOf, PRESET_NAMES } from '../tools/keyPresets';
import { chordOf, type Refusal } from '../tools/keys';
import { KEY_GROUPS, type NamedRow } from '../tools/keyTable';
import { GESTURE_HELP } from './gestures';
import { meaningOf } from './keyMeanings';
import * as say from '../wording/later';
import './KeysDialog.css';

/** Every key of the page, to look up and to change; and what the mouse, fingers and the canvas do. */
export function KeysDialog({ app }: { readonly app: App }) {
  const { helpOpen } = app.store;
  return (
    <Dialog
      name="keys"
      heading={say.keys}
      closing={say.closeKeys}
      isOpen={helpOpen.value}
      onClose={() => (helpOpen.value = false)}
    >
      {() => helpOpen.value && <Keys app={app} />}
    </Dialog>
  );
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  alt: say.altKey,
  browser: say.browserKey,
  reserved: say.reservedKey,
};

function Keys({ app }: { readonly app: App }) {
  const [awaited, setAwaited] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const rows = keyRowsOf(app);
  const conflicts = conflictsOf(rows);
  const wait = (id: string | null): void => {
    setAwaited(id);
    setRefusal(null);
  };
  return (
    <>
      <Presets app={app} />
      <p class="hint">{say.keysHelp}</p>
      <p class="keys-message" role="status">
        {refusal !== null ? REFUSALS[refusal] : conflicts.size > 0 ? CONFLICT : ''}
      </p>
      <div class="key-columns">
        {KEY_GROUPS.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <ul aria-label={say.keysOf(group)}>
              {rows
                .filter((row) => row.group === group)
                .map((row) => (
                  <KeyItem
                    key={row.id}
                    app={app}
                    row={row}
                    others={conflicts.get(row.id) ?? []}
                    isAwaited={awaited === row.id}
                    wait={wait}
                    refuse={setRefusal}
                  />
                ))}
            </ul>
          </section>
        ))}
        <Gestures />
      </div>
    </>
  );
}

const Gestures = () => (
  <section>
    <h3>{say.mouseFingersAndCanvas}</h3>
    <dl>
      {GESTURE_HELP.map(([keys, does]) => (
        <div key={keys}>
          <dt>{keys}</dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  </section>
);

const CONFLICT = say.keyConflict;

function Presets({ app }: { readonly app: App }) {
  const chosen = presetOf(app.store.keyChoices.value);
  return (
    <div class="key-presets">
      <div role="radiogroup" aria-label={say.keysAsIn}>
        <span aria-hidden="true">{say.keysAsIn}</span>
        {PRESET_NAMES.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="key-preset"
              checked={name === chosen}
              onChange={() => usePreset(app, name)}
            />
            {name}
          </label>
        ))}
        {chosen === null && <span>{say.withChanges}</span>}
      </div>
      <button
        type="button"
        class="action"
        disabled={chosen === 'splitseem'}
        onClick={() => usePreset(app, 'splitseem')}
      >
        {say.resetAllKeys}
      </button>
    </div>
  );
}

interface ItemProps {
  readonly app: App;
  readonly row: NamedRow;
  /** Other rows with one of its keys. */
  readonly others: readonly NamedRow[];
  readonly isAwaited: boolean;
  /** Wait for a key of a row, or no longer. */
  readonly wait: (id: string | null) => void;
  readonly refuse: (refusal: Refusal) => void;
}

function KeyItem(props: ItemProps) {
  const { app, row, others, isAwaited } = props;
  const [key] = row.keys;
  return (
    <li class={others.length > 0 ? 'key-row conflict' : 'key-row'}>
      <span>{meaningOf(app.tools, row.id)}</span>
      <span class="key-buttons">
        {isChosen(app, row.id) && !isAwaited && (
          <button
            type="button"
            class="quiet"
            aria-label={say.resetKeyOf(meaningOf(app.tools, row.id))}
            title={say.reset}
            onClick={() => resetKeys(app, row.id)}
          >
            <Icon name="undo" />
          </button>
        )}
        {row.isFixed === true ? <kbd>{row.keys.map(keyText).join(', ')}</kbd> : <KeyButton {...props} />}
        {isAwaited && <WhileAwaited {...props} />}
      </span>
      {others.length > 0 && (
        <small class="key-conflict">
          {say.also(others.map(({ id }) => meaningOf(app.tools, id)))}{' '}
          {key !== undefined && isChosen(app, row.id) && (
            <button type="button" class="link" onClick={() => takeKey(app, row.id, key)}>
              {say.takeItFromThere}
            </button>
          )}
        </small>
      )}
    </li>
  );
}

function KeyButton({ app, row, isAwaited, wait, refuse }: ItemProps) {
  const does = meaningOf(app.tools, row.id);
  const keys = row.keys.length === 0 ? say.none : row.keys.map(keyText).join(', ');
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!isAwaited || event.key === 'Tab') return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') {
      wait(null);
      return;
    }
    const chord = chordOf(event);
    if (chord === null) return;
    if ('refusal' in chord) {
      refuse(chord.refusal);
      return;
    }
    chooseKeys(app, row.id, [chord.keys]);
    wait(null);
  };
  return (
    <button
      type="button"
      class={isAwaited ? 'key awaited-key' : 'key'}
      aria-label={isAwaited ? say.pressKeyFor(does) : say.keyOf(keys, does)}
      onClick={() => wait(row.id)}
      onKeyDown={onKeyDown}
    >
      {isAwaited ? say.pressAKey : keys}
    </button>
  );
}

const WhileAwaited = ({ app, row, wait }: ItemProps) => (
  <>
    <button
      type="button"
      class="link"
      onClick={() => {
        chooseKeys(app, row.id, []);
        wait(null);
      }}
    >
      {say.noKey}
    </button>
    <button type="button" class="link" onClick={() => wait(null)}>
      {say.cancel}
    </button>
  </>
);
