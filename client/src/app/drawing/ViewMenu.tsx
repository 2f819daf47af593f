import { LOOKS } from '../../canvas/layers';
import type { App } from '../app';
import { canvasChoices, chooseCanvas, learnCanvases } from '../tools/detailActions';
import { titles } from '../tools/keyMap';
import { endSharpening, sharpenHere, sharpPartOf } from '../tools/sharpActions';
import * as say from '../wording/page';
import './ViewMenu.css';

const LOOK_NAMES: Readonly<Record<(typeof LOOKS)[number], string>> = {
  filled: say.filled,
  outlines: say.outlines,
  'cut-out': say.cutOut,
};

/** How masks are drawn, and in how much detail the model sees the photo. */
export function ViewMenu({ app }: { readonly app: App }) {
  return (
    <details
      class="view-menu"
      onToggle={({ currentTarget }) => {
        if (currentTarget.open) void learnCanvases(app);
      }}
      onKeyDown={({ key, currentTarget }) => {
        if (key === 'Escape') close(currentTarget);
      }}
    >
      <summary {...titles(app, 'look', say.viewHint)}>{say.view}</summary>
      <div class="view-choices">
        <button
          type="button"
          class="action view-close"
          onClick={({ currentTarget }) => close(currentTarget.closest('details'))}
        >
          {say.close}
        </button>
        <Looks app={app} />
        <SharpenHere app={app} />
        <Detail app={app} />
        <SendSmaller app={app} />
      </div>
    </details>
  );
}

function close(menu: HTMLDetailsElement | null): void {
  if (menu === null) return;
  menu.open = false;
  menu.querySelector('summary')?.focus();
}

function Looks({ app: { store } }: { readonly app: App }) {
  const { look, opacity } = store;
  return (
    <>
      <div role="radiogroup" aria-label={say.masks}>
        <strong aria-hidden="true">{say.masks}</strong>
        {LOOKS.map((kind) => (
          <label key={kind}>
            <input
              type="radio"
              name="look"
              checked={kind === look.value}
              onChange={() => {
                look.value = kind;
              }}
            />
            {LOOK_NAMES[kind]}
          </label>
        ))}
      </div>
      <label>
        {say.opacity}
        <input
          type="range"
          aria-label={say.opacity}
          min={5}
          max={100}
          value={opacity.value}
          disabled={look.value !== 'filled'}
          onInput={({ currentTarget }) => {
            opacity.value = Number(currentTarget.value);
          }}
        />
        <span class="view-value">{opacity.value} %</span>
      </label>
    </>
  );
}

function SharpenHere({ app }: { readonly app: App }) {
  const isSharp = sharpPartOf(app.store) !== null;
  return (
    <div>
      <div class="sharpen-here">
        <button
          type="button"
          class="action"
          aria-pressed={isSharp}
          {...titles(app, 'sharpen-here', say.sharpenHereHint)}
          onClick={() => sharpenHere(app)}
        >
          {say.sharpenHere}
        </button>
        {isSharp && (
          <button type="button" class="action" onClick={() => endSharpening(app)}>
            {say.wholePhoto}
          </button>
        )}
      </div>
      <p class="hint">{say.sharpenHereHelp}</p>
      <label>
        <input
          type="checkbox"
          checked={app.store.sharpensSmall.value}
          onChange={({ currentTarget }) => {
            app.store.sharpensSmall.value = currentTarget.checked;
          }}
        />
        {say.sharpenSmall}
      </label>
      <p class="hint">{say.sharpenSmallHelp}</p>
    </div>
  );
}

function Detail({ app }: { readonly app: App }) {
  const choices = canvasChoices(app);
  const chosen = app.store.activeImage.value?.document.canvas ?? null;
  if (choices.length === 0) return null;
  return (
    <div role="radiogroup" aria-label={say.detail} aria-describedby="detail-hint">
      <strong aria-hidden="true">{say.detail}</strong>
      {choices.map(({ canvas, name, cost }) => (
        <label key={name}>
          <input
            type="radio"
            name="detail"
            checked={canvas === chosen}
            onChange={() => chooseCanvas(app, canvas)}
          />
          {name}
          <small>{cost}</small>
        </label>
      ))}
      <p id="detail-hint" class="hint">
        {say.detailHelp}
      </p>
    </div>
  );
}

function SendSmaller({ app: { store } }: { readonly app: App }) {
  const { sendsSmaller } = store;
  return (
    <div>
      <label title={say.sendSmallerHelp}>
        <input
          type="checkbox"
          checked={sendsSmaller.value}
          onChange={({ currentTarget }) => {
            sendsSmaller.value = currentTarget.checked;
          }}
        />
        {say.sendSmaller}
      </label>
      <p class="hint">{say.sendSmallerHelp}</p>
    </div>
  );
}
