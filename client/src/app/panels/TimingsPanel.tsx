import { STAGE_MEANINGS, STAGES } from '../../shared/stages';
import type { App } from '../app';
import { medianTimings, timingsOf, timingsOfStep } from '../steps/timings';
import './TimingsPanel.css';

/** Where the time of the last prompt went, beside the median of all. */
export function TimingsPanel({ app: { store } }: { readonly app: App }) {
  const all = timingsOf(store);
  const last = store.lastStep.value === null ? null : timingsOfStep(store, store.lastStep.value);
  const median = medianTimings(all);
  return (
    <details class="section timings" aria-label="Timings">
      <summary>Timings</summary>
      {last === null || median === null ? (
        <p class="hint">After the first prompt: the milliseconds of every stage.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Stage</th>
              <th scope="col">Last</th>
              <th scope="col">Median of {all.length}</th>
            </tr>
          </thead>
          <tbody>
            {STAGES.map((stage) => (
              <tr title={STAGE_MEANINGS[stage]}>
                <th scope="row">{stage}</th>
                <td>{milliseconds(last[stage])}</td>
                <td>{milliseconds(median[stage])}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">total</th>
              <td>{milliseconds(last.total)}</td>
              <td>{milliseconds(median.total)}</td>
            </tr>
          </tfoot>
        </table>
      )}
    </details>
  );
}

const milliseconds = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
