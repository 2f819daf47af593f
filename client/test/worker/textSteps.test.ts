import { describe, expect, it } from 'vitest';
import type { SelectionRule, TextWirings } from '../../src/shared/model/manifest';
import type { LabelledPoint } from '../../src/shared/types';
import { attentionBias } from '../../src/worker/prompt/memory';
import { selectQuery, textAgreement } from '../../src/worker/mask/selection';
import { textRows } from '../../src/worker/prompt/textRows';
import { readJson } from '../vectors';

interface RowCase {
  readonly wiring: string;
  readonly point_labels: readonly LabelledPoint['label'][];
  readonly text_rows: number;
  readonly memory: boolean;
  readonly query_index: readonly number[];
  readonly answering: readonly [number, number];
  /** A row each, a digit a column: 1 where it sees. */
  readonly sees: readonly string[];
}

interface SelectionCase {
  readonly rule: SelectionRule;
  readonly chosen_by_text: boolean;
  readonly weight: number;
  readonly point_labels: readonly LabelledPoint['label'][];
  readonly mask_embed: readonly number[];
  readonly class_embed: readonly number[];
  readonly quality: readonly number[];
  readonly point_mask_features: readonly number[];
  readonly sentences: readonly (readonly number[])[];
  readonly query: number;
  readonly score: number;
}

const { models, rows, selections } = readJson('vectors/text_steps.json') as {
  models: readonly { wiring: string; text_wirings: TextWirings }[];
  rows: readonly RowCase[];
  selections: readonly SelectionCase[];
};

const wiringsOf = (name: string): TextWirings => {
  const found = models.find(({ wiring }) => wiring === name);
  if (found === undefined) throw new Error(`no model with wiring ${name}`);
  return found.text_wirings;
};

describe('the rows of a step with texts', () => {
  it.each(rows)('$wiring, $text_rows text rows, points $point_labels, memory $memory', (expected) => {
    const pointIsValid = expected.point_labels.map((label) => label >= 0);
    const laidOut = textRows(wiringsOf(expected.wiring), pointIsValid.includes(true), expected.text_rows);
    expect(laidOut.queryIndex).toEqual(expected.query_index);
    expect(laidOut.answering).toEqual(expected.answering);
    const bias = attentionBias(laidOut.wiring, { pointIsValid, hasMemory: expected.memory });
    const [, count = 0, columns = 0] = bias.dims;
    const sees = Array.from({ length: count }, (_, row) =>
      Array.from(bias.data.subarray(row * columns, (row + 1) * columns), (b) => (b === 0 ? '1' : '0')).join(
        '',
      ),
    );
    expect(sees).toEqual(expected.sees);
  });
});

describe('the selection with texts', () => {
  it.each(selections)('by $rule: $sentences.length texts, points $point_labels', (given) => {
    const floats = (values: readonly number[]): Float32Array => Float32Array.from(values);
    const sentences = given.sentences.map(floats);
    const candidates = {
      maskEmbed: floats(given.mask_embed),
      quality: floats(given.quality),
      agreement:
        sentences.length === 0 ? null : textAgreement(floats(given.class_embed), sentences, given.weight),
      chosenByText: given.chosen_by_text,
    };
    const points = given.point_labels.map((label) => ({ x: 0, y: 0, label }));
    const selected = selectQuery(given.rule, candidates, floats(given.point_mask_features), points);
    expect(selected.query).toBe(given.query);
    expect(selected.score).toBeCloseTo(given.score, 3);
  });
});
