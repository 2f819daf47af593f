/** What users do with the list of photos. */
import type { App } from '../app';

/** The photo before (-1) or after (1) the one that is shown; null at the ends. */
export function neighbourOf({ store }: App, by: -1 | 1): string | null {
  const { images, activeImage } = store.session.value;
  return images[images.findIndex(({ id }) => id === activeImage) + by]?.id ?? null;
}

/** Show it; at the ends nothing happens. */
export function showNeighbour(app: App, by: -1 | 1): void {
  const next = neighbourOf(app, by);
  if (next !== null) app.controller.activateImage(next);
}
