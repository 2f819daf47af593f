import type { App } from '../app';
import { Icon } from '../parts/icons';
import * as say from '../wording/page';

/** Begins to look for everything in the shown photo. */
export function EverythingButton({ app: { everything } }: { readonly app: App }) {
  const { whyNot } = everything;
  return (
    <button
      type="button"
      class="action"
      aria-label={say.everything}
      title={whyNot ?? say.everythingHint}
      disabled={whyNot !== null}
      onClick={() => void everything.run()}
    >
      <Icon name="everything" />
      <span class="action-text">{say.everything}</span>
    </button>
  );
}

/** How far it is; nothing where nothing is looked for. */
export function EverythingProgress({ app: { everything, store } }: { readonly app: App }) {
  const running = everything.running.value;
  if (running === null || running.image !== store.activeImage.value?.id) return null;
  return (
    <div class="progress">
      <p>{say.findingEverything}</p>
      <progress aria-label={say.findingEverything} value={running.fraction} max={1} />
      <button type="button" class="action" onClick={() => everything.cancel()}>
        {say.cancel}
      </button>
    </div>
  );
}
