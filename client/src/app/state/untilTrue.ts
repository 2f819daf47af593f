/** Waiting for what signals say. */
import { computed } from '@preact/signals';

/** Settles once what is asked of signals is true. */
export async function untilTrue(asked: () => boolean): Promise<void> {
  const isTrue = computed(asked);
  if (isTrue.value) return;
  await new Promise<void>((resolve) => {
    const stop = isTrue.subscribe((value) => {
      if (!value) return;
      resolve();
      // Not within the first call, when there is nothing to stop yet: that one is false.
      stop();
    });
  });
}
