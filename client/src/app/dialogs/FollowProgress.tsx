import type { App } from '../app';
import * as say from '../wording/later';

/** How far an object is followed; nothing where none is. */
export function FollowProgress({ app }: { readonly app: App }) {
  const following = app.store.following.value;
  if (following === null) return null;
  const { done, total, stop } = following;
  return (
    <section class="progress following" aria-label={say.following}>
      <p>{say.followingFrame(Math.min(done + 1, total), total)}</p>
      <progress aria-label={say.framesFollowed} value={done} max={total} />
      <button type="button" class="action" onClick={stop}>
        {say.stop}
      </button>
    </section>
  );
}
