import type { App } from '../app';
import { Icon } from '../parts/icons';

/** Begins to look for everything in the shown photo. */
export function EverythingButton({ app: { everything } }: { readonly app: App }) {
  const { whyNot } = everything;
  return (
    <button
      type="button"
      class="action"
      aria-label="Everything"
      title={whyNot ?? 'Find everything in this photo; one undo takes it back'}
      disabled={whyNot !== null}
      onClick={() => void everything.run()}
    >
      <Icon name="everything" />
      <span class="action-text">Everything</span>
    </button>
  );
}

/** How far it is; nothing where nothing is looked for. */
export function EverythingProgress({ app: { everything, store } }: { readonly app: App }) {
  const running = everything.running.value;
  if (running === null || running.image !== store.activeImage.value?.id) return null;
  return (
    <div class="progress">
      <p>Finding everything</p>
      <progress aria-label="Finding everything" value={running.fraction} max={1} />
      <button type="button" class="action" onClick={() => everything.cancel()}>
        Cancel
      </button>
    </div>
  );
}
