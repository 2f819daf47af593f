import type { App } from '../app';
import { summaryOf } from '../state/kept';
import './KeptWorks.css';

/** What closed, crashed and reloaded tabs have left. */
export function KeptWorks({ app: { store, keeping } }: { readonly app: App }) {
  const kept = store.kept.value;
  if (kept.length === 0) return null;
  return (
    <section class="kept" aria-label="Unfinished work">
      <h3>Unfinished work</h3>
      <ul>
        {kept.map((work) => (
          <li key={work.id}>
            <span>
              {summaryOf(work)}
              <time class="hint" dateTime={new Date(work.savedAt).toISOString()}>
                {new Date(work.savedAt).toLocaleString()}
              </time>
            </span>
            <button type="button" class="action" onClick={() => void keeping.continue(work)}>
              Continue
            </button>
            <button
              type="button"
              class="action"
              title="Delete this work and its photos from this browser"
              onClick={() => void keeping.delete(work)}
            >
              Delete
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
