/** Key events -> what they run. */
import type { App } from '../app';
import { findPressed } from './keys';
import { shortcutsOf, type Shortcut } from './shortcuts';

const TYPED_INTO = 'input:not([type=radio], [type=range], [type=checkbox], [type=color]), textarea, select';

/** Whether keys and pasted text go into a field. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches(TYPED_INTO);

/** Controls that Enter does nothing to. */
const IGNORES_ENTER = 'input:is([type=radio], [type=range], [type=checkbox])';

/** Buttons are pressed by Enter, and arrows move within lists: then they are theirs. */
function isTheirs({ key, ctrlKey, metaKey }: KeyboardEvent): boolean {
  const { activeElement, body } = document;
  if (ctrlKey || metaKey || activeElement === body) return false;
  if (key === 'Enter') return activeElement?.matches(IGNORES_ENTER) !== true;
  return /^(Arrow\w+|Home|End)$/.test(key);
}

export interface Keyboard {
  readonly down: (event: KeyboardEvent) => void;
  readonly up: (event: Pick<KeyboardEvent, 'code'>) => void;
  /** The window is left: no key will be heard to come up. */
  readonly letGo: () => void;
}

export function keyboardOf(app: App): Keyboard {
  /** What lasts, by the place of the key that is held. */
  const held = new Map<string, Shortcut>();
  const release = (code: string): void => {
    held.get(code)?.release?.(app);
    held.delete(code);
  };
  return {
    down: (event) => {
      const shortcut = handleKey(event, app);
      if (shortcut?.release !== undefined) held.set(event.code, shortcut);
    },
    up: ({ code }) => release(code),
    letGo: () => [...held.keys()].forEach(release),
  };
}

/** Run what a key is for, unless the user is typing or a dialog is open; null: it is for nothing. */
function handleKey(event: KeyboardEvent, app: App): Shortcut | null {
  if (isTyping(event.target) || document.querySelector('dialog[open]') !== null) return null;
  const shortcut = findPressed(shortcutsOf(app), event);
  if (shortcut === undefined || shortcut.isFree?.(app) === false || isTheirs(event)) return null;
  event.preventDefault();
  shortcut.run(app);
  return shortcut;
}
