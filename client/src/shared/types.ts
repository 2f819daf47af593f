/** Names shared by every layer. Frames and axis orders are in the names, as in ARCHITECTURE.md. */

import type {
  ClickItem,
  CocoRleFields,
  EmbeddingMessage,
  NamedTensorFields,
  PromptMessage,
} from './generated';
import type { Stage } from './stages';

export type {
  ImageGeometryFields as ImageGeometry,
  ProjectImageFields as ProjectImage,
  ProjectMessage as Project,
  ProjectObjectFields as ProjectObject,
  PromptMessage,
  StepResultMessage,
} from './generated';

/** COCO run lengths: column-major, background first, `size` is [height, width]. */
export type CocoRle = CocoRleFields;

/** Who chose a label. */
export type LabelOrigin = 'user' | 'model';

/** What the user said of a photo. */
export type PhotoMark = 'done' | 'checked' | 'rejected';

export interface SizeHw {
  readonly height: number;
  readonly width: number;
}

/** Which answer to a click is meant, where it is not the first. */
export type Extent = NonNullable<ClickItem['extent']>;

export interface PointXy {
  readonly x: number;
  readonly y: number;
}

/** 1 positive, 0 negative, 2 and 3 the top-left and bottom-right corner of a box, -1 padding. */
export type PointLabel = 1 | 0 | 2 | 3 | -1;

export interface LabelledPoint extends PointXy {
  readonly label: PointLabel;
}

/** Real-valued decoder output at stride 4 of the padded frame, row-major; foreground where > 0. */
export interface MaskLogits extends SizeHw {
  readonly data: Float32Array;
}

/** What a text is to the decoder; the server computes it. */
export interface TextVectors {
  /** [T, D], the rows that queries see. */
  readonly tokens: Float32Array;
  /** [E], compared in direction with class embeddings. */
  readonly sentence: Float32Array;
}

/** Milliseconds of one step by stage, from the prompt to its drawn mask. */
export interface StepTimings extends Readonly<Record<Stage, number>> {
  /** Sum of the stages. */
  readonly total: number;
  /** From the prompt until a first, rougher mask, where there was one. */
  readonly draft?: number;
}

/** What one decoder step leaves: everything that undo must bring back. */
export interface StepResult {
  /** Of the last prompt that the decoder answered; null while there is none. */
  readonly maskLogits: MaskLogits | null;
  readonly mask: CocoRle;
  readonly area: number;
  /** Of the selected query, [E]; labels follow from it. Empty where the decoder was not asked. */
  readonly classEmbed: Float32Array;
  /** Name from the vocabulary, or null when there is none. */
  readonly label: string | null;
  /** Probability of the label, 0 to 1. */
  readonly labelScore: number | null;
  /** Of the selected query, unbounded, higher is better; null where the decoder was not asked. */
  readonly score: number | null;
  /** Whether the image was not wholly prepared, so that a better answer will follow. */
  readonly isDraft: boolean;
  /** Whether the mask is still that of the decoder's cells, which one with the edges of the photo can replace. */
  readonly isCoarse?: boolean;
  /** That it was kept through a reload, without what the next prompt needs; absent: it has that. */
  readonly kept?: KeptAnswer;
  readonly timings: StepTimings;
}

export interface KeptAnswer {
  /** Fingerprint of the model that gave it. */
  readonly model: string;
  /** Whether its prompt is to be answered again, for what the next one needs. */
  readonly isWanted: boolean;
}

export type PromptItem = PromptMessage['items'][number];
export type PromptKind = PromptItem['kind'];

export type TensorDtype = NamedTensorFields['dtype'];

/**
 * A tensor as it is stored, little-endian: value = (data - zero point) * scale, or data * scale + offset for
 * uint10 and uint8, per channel (axis 1). Of uint10 the upper eight bits of all values come first.
 */
export interface NamedTensor {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  readonly scale: Float32Array | null;
  readonly zeroPoint: Int8Array | null;
  readonly offset?: Float32Array | null;
}

/** Tensors that every embedding has: levels coarse to fine, then mask features. */
export type MapName = 'level0' | 'level1' | 'level2' | 'mask_features';

/** All that the decoder needs of one image. */
export interface Embedding extends Omit<EmbeddingMessage, 'tensors'> {
  readonly tensors: readonly NamedTensor[];
  /** The four maps among the tensors, [1, C, h, w]; a lateral map stands in place of the mask features. */
  readonly maps: Readonly<Record<MapName, NamedTensor>>;
}
