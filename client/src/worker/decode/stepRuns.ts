/** Which graph answers a step, and what it is fed. */
import { Failure } from '../../shared/errors';
import type { DecoderConfig, SamplingRule } from '../../shared/model/manifest';
import type { LabelledPoint, MaskLogits, TextVectors } from '../../shared/types';
import { atItsStride } from '../step/coarseDraft';
import type { Decoder } from './decoder';
import type { GeneralDecoder } from './generalDecoder';
import type { Feeds, FloatTensor, Graph } from '../runtime/graph';
import { attentionBias, previousMask } from '../prompt/memory';
import type { PreparedImage } from '../step/preparedImage';
import { sampleFeatures } from '../layers/sampling';
import { slotsFor } from '../prompt/slots';
import { textRows } from '../prompt/textRows';

/** What an object was told so far, as the graphs see it. */
export interface StepInputs {
  /** Points in the padded frame, at least one. */
  readonly slots: readonly LabelledPoint[];
  readonly texts: readonly TextVectors[];
  /** Mask logits of the step before, or null on the first. */
  readonly memory: MaskLogits | null;
}

/** A graph with its inputs. */
export interface Run {
  readonly graph: Graph;
  readonly feeds: Feeds;
  /** First and one past the last query row that may answer; null: all may. */
  readonly answering: readonly [number, number] | null;
  /** Whether the texts choose among them, and not the points. */
  readonly chosenByText: boolean;
}

/** Without texts. */
export function clickRun(
  { graphs, manifest }: Decoder,
  image: PreparedImage,
  { slots: given, memory }: StepInputs,
): Run {
  const slots = slotsFor(graphs.step, given);
  const feeds = {
    ...image.tensors,
    ...pointFeeds(image, slots, manifest.config.point_sampling),
    previous_mask: remembered(memory, image),
    attention_bias: attentionBias(manifest.wiring, columnsOf(slots, memory)),
  };
  return { graph: graphs.step, feeds, answering: null, chosenByText: false };
}

export async function textRun(
  config: DecoderConfig,
  general: GeneralDecoder,
  image: PreparedImage,
  { slots, texts, memory }: StepInputs,
): Promise<Run> {
  const tokens = tokensOf(texts, config);
  const columns = columnsOf(slots, memory);
  const rows = textRows(general.wirings, columns.pointIsValid.includes(true), tokens.dims[1] ?? 0);
  const feeds = {
    ...(await general.prepare(image)),
    ...pointFeeds(image, slots, config.point_sampling),
    query_index: { dims: [rows.queryIndex.length], data: BigInt64Array.from(rows.queryIndex, BigInt) },
    previous_mask: remembered(memory, image, config.num_memories),
    text_tokens: tokens,
    attention_bias: attentionBias(rows.wiring, columns),
  };
  return { graph: general.step, feeds, answering: rows.answering, chosenByText: rows.chosenByText };
}

function remembered(memory: MaskLogits | null, image: PreparedImage, copies = 1): FloatTensor {
  const { height, width } = image.maskFeatures;
  return previousMask(memory && atItsStride(image, memory), height, width, copies);
}

const columnsOf = (slots: readonly LabelledPoint[], memory: MaskLogits | null) => ({
  pointIsValid: slots.map(({ label }) => label >= 0),
  hasMemory: memory !== null,
});

function pointFeeds(image: PreparedImage, slots: readonly LabelledPoint[], rule: SamplingRule): Feeds {
  const count = slots.length;
  const { height, width, stride } = image.maskFeatures;
  const feeds: Record<string, Feeds[string]> = {
    point_coords: {
      dims: [1, count, 2],
      data: Float32Array.from(slots.flatMap(({ x, y }) => [x / (width * stride), y / (height * stride)])),
    },
    point_labels: { dims: [1, count], data: Float32Array.from(slots, ({ label }) => label) },
  };
  image.levels.forEach((level, index) => {
    feeds[`point_features${index}`] = {
      dims: [1, count, level.channels],
      data: sampleFeatures(level, slots, rule),
    };
  });
  return feeds;
}

/** The tokens of all texts, one after the other, [1, T, D]. */
function tokensOf(texts: readonly TextVectors[], { dim, class_dim }: DecoderConfig): FloatTensor {
  for (const { tokens, sentence } of texts) {
    if (tokens.length > 0 && tokens.length % dim === 0 && sentence.length === class_dim) continue;
    const [got, expected] = [
      `${tokens.length} and ${sentence.length}`,
      `a multiple of ${dim} and ${class_dim}`,
    ];
    throw new Failure({ kind: 'model', message: `a text came as ${got} numbers, expected ${expected}` });
  }
  const data = Float32Array.from(texts.flatMap(({ tokens }) => [...tokens]));
  return { dims: [1, data.length / dim, dim], data };
}
