/** A prompt -> inputs of the decoder -> the rows that may answer it. */
import { imageToInput } from '../../shared/geometry';
import { Failure } from '../../shared/errors';
import type { DecoderConfig, SamplingRule } from '../../shared/model/manifest';
import type { StandingEdit } from '../../shared/prompt/edits';
import type {
  CocoRle,
  Extent,
  ImageGeometry,
  LabelledPoint,
  MaskLogits,
  PointXy,
  TextVectors,
} from '../../shared/types';
import { atItsStride } from './coarseDraft';
import type { Decoder } from './decoder';
import type { GeneralDecoder } from '../decode/generalDecoder';
import { textAgreement, type Candidates } from '../mask/selection';
import { output, type Feeds, type Fetches, type FloatTensor, type Graph } from '../runtime/graph';
import { logitsOfMask } from '../prompt/knownMask';
import { attentionBias, previousMask } from '../prompt/memory';
import type { PreparedImage } from './preparedImage';
import { sampleFeatures } from '../layers/sampling';
import { slotsFor } from '../prompt/slots';
import { textRows } from '../prompt/textRows';
import type { Laps } from './stopwatch';

/** The single slot of a prompt without points. */
const NO_POINT: LabelledPoint = { x: 0, y: 0, label: -1 };

/** All that an object was told so far. */
export interface StepPrompts {
  /** Image frame, in order. */
  readonly points: readonly LabelledPoint[];
  readonly texts: readonly TextVectors[];
  /** Mask logits of the step before, or null on the first. */
  readonly memory: MaskLogits | null;
  /** What the mask was made since, and takes the place of the memory. */
  readonly painted?: CocoRle;
  /** Stand on the answer. */
  readonly strokes?: readonly StandingEdit[];
  /** Which answer to the last click is meant, where it is not the first. */
  readonly extent?: Extent;
}

/** The same as the graphs see it. */
export interface StepInputs extends StepPrompts {
  /** The points in the padded frame, at least one. */
  readonly slots: readonly LabelledPoint[];
}

/** The decoder's prediction for the rows that may answer. */
export interface Head extends Candidates {
  /** [Q, E] */
  readonly classEmbed: Float32Array;
}

export interface Asked {
  readonly inputs: StepInputs;
  readonly head: Head;
}

/** Run the decoder for one object; `general` exactly when there are texts. */
export async function ask(
  decoder: Decoder,
  general: GeneralDecoder | null,
  image: PreparedImage,
  prompts: StepPrompts,
  watch: Laps,
): Promise<Asked> {
  const { painted } = prompts;
  const memory = painted === undefined ? prompts.memory : logitsOfMask(painted, image.geometry);
  const inputs = { ...prompts, memory, slots: toSlots(prompts.points, image.geometry) };
  const run =
    general === null
      ? clickRun(decoder, image, inputs)
      : await textRun(decoder.manifest.config, general, image, inputs);
  await watch.lap('tokens');
  const fetches = await run.graph.run(run.feeds);
  await watch.lap('step');
  return { inputs, head: headOf(fetches, run, inputs.texts, general) };
}

/** An object that is one click, image frame; `memory` is that of the pass before. */
export interface Clicked {
  readonly point: PointXy;
  readonly memory: MaskLogits | null;
}

/** Run the decoder for several objects at once; all of them have a memory, or none has. */
export async function askClicks(
  decoder: Decoder,
  image: PreparedImage,
  clicks: readonly Clicked[],
): Promise<Asked[]> {
  const each = clicks.map(({ point, memory }): StepInputs => {
    const clicked = [{ ...point, label: 1 as const }];
    return { points: clicked, texts: [], memory, slots: toSlots(clicked, image.geometry) };
  });
  const runs = each.map((inputs) => clickRun(decoder, image, inputs));
  const [first] = runs;
  if (first === undefined) return [];
  const fetches = await first.graph.run({ ...first.feeds, ...stacked(runs.map(({ feeds }) => feeds)) });
  const rows = output(fetches, 'quality').data.length / clicks.length;
  return each.map((inputs, k) => {
    const answering = [k * rows, (k + 1) * rows] as const;
    return { inputs, head: headOf(fetches, { ...first, answering }, [], null) };
  });
}

/** Inputs of `step` that are of a click, and not of the image. */
const OF_A_CLICK = /^(point_\w+|previous_mask|attention_bias)$/;

/** What differs between clicks, one after the other. */
function stacked(each: readonly Feeds[]): Feeds {
  const names = Object.keys(each[0] ?? {}).filter((name) => OF_A_CLICK.test(name));
  return Object.fromEntries(
    names.map((name) => {
      const parts = each.map((feeds) => feeds[name] as FloatTensor);
      const [, ...dims] = parts[0]?.dims ?? [];
      const size = parts[0]?.data.length ?? 0;
      const data = new Float32Array(size * parts.length);
      parts.forEach((part, k) => data.set(part.data, k * size));
      return [name, { dims: [parts.length, ...dims], data }];
    }),
  );
}

/** Points in the padded frame; never none, since the graph has at least one slot. */
export function toSlots(points: readonly LabelledPoint[], geometry: ImageGeometry): LabelledPoint[] {
  if (points.length === 0) return [NO_POINT];
  return points.map((point) => ({ ...imageToInput(geometry, point), label: point.label }));
}

/** The rows that may answer, and what the texts, [E] each, say of them. */
function headOf(
  fetches: Fetches,
  { answering, chosenByText }: Run,
  texts: readonly TextVectors[],
  general: GeneralDecoder | null,
): Head {
  const count = output(fetches, 'quality').data.length;
  const [first, end] = answering ?? [0, count];
  const rows = (name: string): Float32Array => {
    const { data } = output(fetches, name);
    const width = data.length / count;
    return data.subarray(first * width, end * width);
  };
  const classEmbed = rows('class_embed');
  const sentences = texts.map(({ sentence }) => sentence);
  const agreement = general && textAgreement(classEmbed, sentences, general.weight);
  return { maskEmbed: rows('mask_embed'), quality: rows('quality'), classEmbed, agreement, chosenByText };
}

/** A graph with its inputs. */
interface Run {
  readonly graph: Graph;
  readonly feeds: Feeds;
  /** First and one past the last query row that may answer; null: all may. */
  readonly answering: readonly [number, number] | null;
  /** Whether the texts choose among them, and not the points. */
  readonly chosenByText: boolean;
}

/** Without texts. */
function clickRun(
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

async function textRun(
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
