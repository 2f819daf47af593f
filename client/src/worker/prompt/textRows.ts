/** Which rows a step with texts has; `splitseem_model/decode/step_rows.py` lays out the same ones. */
import type { TextWirings, Wiring } from '../../shared/model/manifest';

export interface TextRows {
  /** With the rows of the texts counted. */
  readonly wiring: Wiring;
  /** The learned query that every query row starts from. */
  readonly queryIndex: readonly number[];
  /** First and one past the last query row that may answer. */
  readonly answering: readonly [number, number];
  /** Whether the texts choose among them, and not the points. */
  readonly chosenByText: boolean;
}

/** Row groups that are no queries. */
const OTHERS: readonly string[] = ['memory', 'text'];

export function textRows(wirings: TextWirings, hasPoints: boolean, numTextRows: number): TextRows {
  const wiring = hasPoints ? wirings.together : wirings.alone;
  const rows = wiring.rows.map(({ name, count }) => ({ name, count: count ?? numTextRows }));
  const queries = rows.filter(({ name }) => !OTHERS.includes(name));
  const answering = queries.findIndex(({ name }) => name === wiring.answering);
  const first = queries.slice(0, answering).reduce((sum, { count }) => sum + count, 0);
  return {
    wiring: { ...wiring, rows },
    queryIndex: queries.flatMap(({ count }) => Array.from({ length: count }, (_, k) => k)),
    answering: [first, first + (queries[answering]?.count ?? 0)],
    chosenByText: wiring.chosen_by === 'text',
  };
}
