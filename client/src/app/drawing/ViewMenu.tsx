import { LOOKS } from '../../canvas/layers';
import type { App } from '../app';
import { canvasChoices, chooseCanvas, learnCanvases } from '../tools/detailActions';
import { titles } from '../tools/keyMap';
import { endSharpening, sharpenHere, sharpPartOf } from '../tools/sharpActions';
import './ViewMenu.css';

const LOOK_NAMES: Readonly<Record<(typeof LOOKS)[number], string>> = {
  filled: 'Filled',
  outlines: 'Outlines',
  'cut-out': 'Cut out',
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
      <summary {...titles(app, 'look', 'How masks are drawn, and in how much detail the model sees')}>
        View
      </summary>
      <div class="view-choices">
        <button
          type="button"
          class="action view-close"
          onClick={({ currentTarget }) => close(currentTarget.closest('details'))}
        >
          Close
        </button>
        <Looks app={app} />
        <SharpenHere app={app} />
        <Detail app={app} />
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
      <div role="radiogroup" aria-label="Masks">
        <strong aria-hidden="true">Masks</strong>
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
        Opacity
        <input
          type="range"
          aria-label="Opacity"
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
          {...titles(app, 'sharpen-here', 'See the part of the photo that is in sight in full detail')}
          onClick={() => sharpenHere(app)}
        >
          Sharpen here
        </button>
        {isSharp && (
          <button type="button" class="action" onClick={() => endSharpening(app)}>
            Whole photo
          </button>
        )}
      </div>
      <p class="hint">
        For small things: the part in sight is seen in full detail, or with the whole photo in sight, what is
        around the selected object.
      </p>
      <label>
        <input
          type="checkbox"
          checked={app.store.sharpensSmall.value}
          onChange={({ currentTarget }) => {
            app.store.sharpensSmall.value = currentTarget.checked;
          }}
        />
        Sharpen small objects as they come
      </label>
      <p class="hint">Better masks for one more request for each; clicks do not wait for it.</p>
    </div>
  );
}

function Detail({ app }: { readonly app: App }) {
  const choices = canvasChoices(app);
  const chosen = app.store.activeImage.value?.document.canvas ?? null;
  if (choices.length === 0) return null;
  return (
    <div role="radiogroup" aria-label="Detail" aria-describedby="detail-hint">
      <strong aria-hidden="true">Detail</strong>
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
        Pixels along the photo that the model sees; cost by the last embedding. Prompts on this photo are
        answered again; photos without prompts follow.
      </p>
    </div>
  );
}
