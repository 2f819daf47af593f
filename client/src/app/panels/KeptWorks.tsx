import type { App } from '../app';
import { summaryOf } from '../state/kept';
import * as say from '../wording/page';
import './KeptWorks.css';

/** What closed, crashed and reloaded tabs have left. */
export function KeptWorks({ app: { store, keeping } }: { readonly app: App }) {
  const kept = store.kept.value;
  if (kept.length === 0) return null;
  return (
    <section class="kept" aria-label={say.unfinishedWork}>
      <h3>{say.unfinishedWork}</h3>
      <ul>
        {kept.map((work) => (
          <li key={work.id}>
            <span>
              {summaryOf(work)}
              <time class="hint" dateTime={new Date(work.savedAt).toISOString()}>
                {new Date(work.savedAt).toLocaleString()}
              </time>
            </span>
            <button type="button" class="action" onClick={() => keeping.continue(work)}>
              {say.continueIt}
            </button>
            <button
              type="button"
              class="action"
              title={say.deleteWorkHint}
              onClick={() => keeping.delete(work)}
            >
              {say.deleteIt}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
