import { STAGE_MEANINGS, STAGES } from '../../shared/stages';
import type { App } from '../app';
import { medianTimings, timingsOf, timingsOfStep } from '../steps/timings';
import * as say from '../wording/page';
import './TimingsPanel.css';

/** Where the time of the last prompt went, beside the median of all. */
export function TimingsPanel({ app: { store } }: { readonly app: App }) {
  const all = timingsOf(store);
  const last = store.lastStep.value === null ? null : timingsOfStep(store, store.lastStep.value);
  const median = medianTimings(all);
  return (
    <details class="section timings" aria-label={say.timings}>
      <summary>{say.timings}</summary>
      {last === null || median === null ? (
        <p class="hint">{say.timingsHint}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{say.stage}</th>
              <th scope="col">{say.last}</th>
              <th scope="col">{say.medianOf(all.length)}</th>
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
              <th scope="row">{say.total}</th>
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
