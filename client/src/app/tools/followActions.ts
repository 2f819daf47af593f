import type { App } from '../app';

/** Follow the selected object through the photos after the shown one; `FollowProgress` does it. */
export function followSelected({ store: { followAsked } }: Pick<App, 'store'>): void {
  followAsked.value++;
}
