/** The browser asks before it leaves a page whose work could not be kept. */
import { hasWork } from '../state/kept';
import type { Store } from '../state/store';

export function warnBeforeLoss(store: Store): void {
  window.addEventListener('beforeunload', (event) => {
    const { phase } = store.saved.value;
    const isKept = phase === 'saved' || phase === 'nothing';
    if (!isKept && hasWork(store)) event.preventDefault();
  });
}
