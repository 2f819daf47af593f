import type { App } from '../app';
import * as say from '../wording/later';
import './Notices.css';

/** What the page says for as long as it holds: below everything, so that it lies on nothing. */
export function Notices({ app: { store } }: { readonly app: App }) {
  const reload = store.newVersion.value;
  return (
    <>
      {store.isOffline.value && (
        <p class="standing offline" role="alert">
          {say.offline}
        </p>
      )}
      {reload !== null && (
        <p class="standing" role="alert">
          {say.newVersion}
          <button type="button" class="action primary" onClick={reload}>
            {say.reload}
          </button>
          <button type="button" class="action" onClick={() => (store.newVersion.value = null)}>
            {say.notNow}
          </button>
        </p>
      )}
    </>
  );
}
