/** Choices of the user that the browser remembers through reloads. */
import { effect, signal, type Signal } from '@preact/signals';

/** A choice that is `usual` until the user makes another. */
export function rememberedSwitch(name: string, usual: boolean): Signal<boolean> {
  const key = `splitseem-${name}`;
  const storage = storageOf();
  const stored = storage?.getItem(key) ?? null;
  const chosen = signal(stored === null ? usual : stored === 'on');
  effect(() => {
    if (chosen.value === usual) storage?.removeItem(key);
    else storage?.setItem(key, chosen.value ? 'on' : 'off');
  });
  return chosen;
}

/** Absent where the browser keeps nothing. */
function storageOf(): Storage | null {
  try {
    return (globalThis as { readonly localStorage?: Storage }).localStorage ?? null;
  } catch {
    return null;
  }
}
