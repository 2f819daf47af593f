/** What crosses between the page and the worker: one request, one reply, matched by id. */
import type { ClientError } from './errors';
import type { StandingEdit } from './prompt/edits';
import type { Naming, Vocabulary } from './model/naming';
import type { MapsWish } from './model/maps';
import type { ProviderWish } from './model/providers';
import type { PointRules } from './prompt/prompts';
import type { WorkerStage } from './stages';
import type {
  CocoRle,
  Extent,
  ImageGeometry,
  LabelledPoint,
  MaskLogits,
  PointXy,
  PromptItem,
  StepResult,
  TextVectors,
} from './types';

export interface RuntimeInfo extends PointRules {
  readonly model: string;
  readonly fingerprint: string;
  /** Name of ONNX Runtime's execution provider. */
  readonly provider: string;
  /** Why it is not the one that was asked for; null when it is. */
  readonly providerNote?: string | null;
  readonly threads: number;
  /** Why this number, for users; null or absent where there is nothing to say. */
  readonly threadsNote?: string | null;
  readonly crossOriginIsolated: boolean;
  /** Bytes of the graphs that only texts need; null when the model takes no texts. */
  readonly textBytes: number | null;
  /** Whether words and examples have places in a photo, by a map of meanings. */
  readonly canFind?: boolean;
  /** Whether masks can get the edges of the photo's own pixels. */
  readonly followsPhoto?: boolean;
  /** Names of the model's own; null when it has none. */
  readonly vocabulary: Vocabulary | null;
  /** Factor of the cosines that labels are the softmax of. */
  readonly logitScale: number;
  readonly loadMilliseconds: number;
}

export interface OpenedImage {
  readonly key: string;
  readonly geometry: ImageGeometry;
  readonly prepareMilliseconds: number;
  /** For how long, at most, the worker heard nothing meanwhile. */
  readonly longestSliceMilliseconds: number;
}

/** The part of the timings that the worker knows. */
export type WorkerTimings = Readonly<Record<WorkerStage, number>>;

/** Names are given on the page, which has the vocabulary. */
export type WorkerStepResult = Omit<StepResult, 'timings' | 'maskLogits' | 'kept' | keyof Naming> & {
  readonly maskLogits: MaskLogits;
  readonly timings: WorkerTimings;
};

/** What is asked of a step. */
export interface StepArgs {
  readonly imageId: string;
  /** All points of the object so far, image frame. */
  readonly points: readonly LabelledPoint[];
  /** All prompts of the object so far, which points and texts are of. */
  readonly prompts?: readonly PromptItem[];
  /** All texts of the object so far, in order. */
  readonly texts: readonly TextVectors[];
  /** Mask logits of the last step that the decoder answered, or null before. */
  readonly memory: MaskLogits | null;
  /** The mask as it was painted since; takes the place of the memory. */
  readonly painted?: CocoRle;
  /** What was painted, and stands on the answer. */
  readonly strokes?: readonly StandingEdit[];
  /** Which answer to the last click is meant, where it is not the first. */
  readonly extent?: Extent;
}

/** One of several answers to a click; without an extent it is the first. */
export interface WorkerAlternative {
  readonly extent?: Extent;
  readonly result: WorkerStepResult;
}

/** What may be an object: the answer to a click that nobody gave. */
export interface WorkerProposal {
  /** The click, image frame. */
  readonly point: PointXy;
  /** How likely it is an object, or how good an answer to a text, 0 to 1. */
  readonly likelihood: number;
  readonly result: WorkerStepResult;
}

/** Every call the worker answers: its arguments and its result. */
export interface WorkerCalls {
  load: {
    args: {
      readonly modelUrl: string;
      /** How many threads are wanted; null leaves it to the number of cores. */
      readonly threads: number | null;
      readonly provider?: ProviderWish;
      /** Most milliseconds without a byte of a file; the usual when absent. */
      readonly patience?: number;
      /** What embeddings will hold of the masks, when it is not the mask features. */
      readonly maps?: MapsWish;
    };
    result: RuntimeInfo;
  };
  /**
   * Bytes of an image that will be opened, as they come: what can be prepared of them is. Those at 0 are the first;
   * it answers at once.
   */
  receive: {
    args: { readonly imageId: string; readonly bytes: ArrayBuffer; readonly at: number };
    result: null;
  };
  open: {
    args: {
      readonly imageId: string;
      readonly bytes: ArrayBuffer;
      /** The same bytes, which the browser may have on disk: with it the worker keeps none. */
      readonly source?: Blob | undefined;
    };
    result: OpenedImage;
  };
  /** Where the same bytes lie from now on, for an image that is open or being opened. */
  reread: { args: { readonly imageId: string; readonly source: Blob }; result: null };
  step: { args: StepArgs; result: WorkerStepResult };
  /** The answers to the last click that differ, the first one first. */
  alternatives: { args: Omit<StepArgs, 'extent'>; result: readonly WorkerAlternative[] };
  /** The mask that a step would give. It waits for steps, and one that is aborted ends after its stage. */
  preview: { args: StepArgs; result: { readonly mask: CocoRle } };
  /** The photo of an image, upright, by whose pixels masks are sharpened; it takes the place of another's. */
  photo: { args: { readonly imageId: string; readonly bitmap: ImageBitmap }; result: null };
  /** The mask of a step that left `maskLogits`, with the edges of the photo; it waits for steps, as a preview does. */
  sharpen: {
    args: Pick<StepArgs, 'imageId' | 'points' | 'strokes'> & {
      readonly maskLogits: MaskLogits;
      /** The image whose photo was shown; that of the step may be a part of it. */
      readonly photo: string;
    };
    result: { readonly mask: CocoRle };
  };
  /** Everything in an image, the likeliest first; its progress counts pieces of work instead of bytes. */
  everything: { args: { readonly imageId: string }; result: readonly WorkerProposal[] };
  /** All that a text names, best first, for a model that can find; `vector` lies where the class matrix does. */
  find: {
    args: { readonly imageId: string; readonly vector: Float32Array };
    result: readonly WorkerProposal[];
  };
  /**
   * Fetch the graphs that texts need; beside the other calls, which do not wait for it. A step with texts does
   * it by itself, but then the steps after it wait.
   */
  fetchText: { args: object; result: null };
  close: { args: { readonly imageId: string }; result: null };
}

export type CallName = keyof WorkerCalls;

export type WorkerRequest =
  | { [Name in CallName]: { readonly id: number; readonly call: Name } & WorkerCalls[Name]['args'] }[CallName]
  | { readonly id: number; readonly call: 'abort' };

/** Any number of the first, as signs of life, then one of the others. */
export type WorkerReply =
  | { readonly id: number; readonly progress: { readonly bytes: number; readonly total: number | null } }
  | { readonly id: number; readonly ok: true; readonly value: WorkerCalls[CallName]['result'] }
  | { readonly id: number; readonly ok: false; readonly error: ClientError };
