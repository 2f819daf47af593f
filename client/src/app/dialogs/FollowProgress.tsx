import { useEffect } from 'preact/hooks';
import type { App } from '../app';
import { follow } from '../steps/following';
import * as say from '../wording/later';

/** Follows the selected object when it is asked to, and shows how far it is; nothing where none is followed. */
export function FollowProgress({ app }: { readonly app: App }) {
  const { store } = app;
  const asked = store.followAsked.value;
  useEffect(() => {
    if (asked > 0) void follow(app);
  }, [app, asked]);
  const following = store.following.value;
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
