/** Photos that are wanted on another canvas are embedded again. */
import { effect, untracked } from '@preact/signals';
import type { ImageId } from '../../session/state';
import type { Store } from '../state/store';

export function followCanvases({ session }: Store, sendAgain: (image: ImageId) => void): void {
  const known = new Map<ImageId, number | null>();
  effect(() => {
    for (const { id, document } of session.value.images) {
      const before = known.get(id);
      known.set(id, document.canvas);
      if (before !== undefined && before !== document.canvas) untracked(() => sendAgain(id));
    }
  });
}
