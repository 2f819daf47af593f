/** All that the page shows, as signals. Only the controller writes them. */
import { computed, signal, type ReadonlySignal } from '@preact/signals';
import type { Canvases } from '../../api/canvases';
import type { EmbedProgress } from '../../api/embeddings';
import { LOOKS } from '../../canvas/layers';
import type { Sketch } from '../../canvas/sketch';
import type { Viewport } from '../../canvas/viewport';
import type { AwaitedImage } from '../../session/matching';
import { coloursOf } from '../../session/classes';
import type { CopiedObject } from '../../session/objects';
import {
  activeImageOf,
  embeddedOf,
  EMPTY_SESSION,
  imageOf,
  type Embedded,
  type ImageId,
  type Part,
  type Session,
  type StepId,
} from '../../session/state';
import type { ClientError } from '../../shared/errors';
import type { RuntimeInfo } from '../../shared/messages';
import { nameOf, type Naming, type Vocabulary } from '../../shared/model/naming';
import type { CocoRle, PointXy, SizeHw, StepTimings } from '../../shared/types';
import type { Photo } from '../photos/photo';
import type { Tool } from './tools';
import type { Detail } from '../photos/pixels';
import type { KeptWork, Saved } from './kept';
import { rememberedLists, rememberedNumber, rememberedSwitch, rememberedWord } from './remembered';

/** How far an image is on its way to answering clicks. */
export type Readiness =
  | { readonly phase: 'embedding'; readonly progress: EmbedProgress }
  | { readonly phase: 'preparing' }
  /** The worker has it; prompts are answered by drafts at first. */
  | { readonly phase: 'opening' }
  | { readonly phase: 'ready'; readonly key: string }
  | { readonly phase: 'failed'; readonly error: ClientError };

/** The part of the timings that the canvas knows. */
export type PaintTimings = Pick<StepTimings, 'frame' | 'paint'>;

export interface OpenPhoto {
  readonly photo: Photo;
  readonly readiness: Readiness;
}

export type DecoderState =
  | {
      readonly phase: 'loading';
      readonly loaded?: { readonly bytes: number; readonly total: number | null };
    }
  | { readonly phase: 'ready'; readonly info: RuntimeInfo }
  | { readonly phase: 'failed'; readonly error: ClientError };

/** CSS pixels from the canvas's corner; a click would be negative while a modifier is held. */
export interface Hover {
  readonly at: PointXy;
  readonly isNegative: boolean;
}

/** From the photo's being sent until its embedding was there. */
export interface EmbedCost {
  readonly canvas: number | null;
  readonly bytes: number;
  readonly milliseconds: number;
}

/** How far a thing has been followed through the photos after that where it began. */
export interface FollowProgress {
  readonly done: number;
  readonly total: number;
  readonly stop: () => void;
}

/** A colour that is looked at before it is chosen. */
export interface TriedColour {
  readonly name: string;
  readonly colour: string;
  /** By the session's clock: with the next change it is over. */
  readonly at: number;
}

export function createStore() {
  const session = signal({ ...EMPTY_SESSION, origin: randomOrigin() });
  const photos = signal<ReadonlyMap<ImageId, OpenPhoto>>(new Map());
  return {
    session,
    photos,
    ...classSignals(session),
    ...partSignals(),
    ...drawingSwitches(),
    ...keptSignals(),
    decoder: signal<DecoderState>({ phase: 'loading' }),
    tool: signal<Tool>('click'),
    viewport: signal<Viewport>({ scale: 1, x: 0, y: 0 }),
    canvasSize: signal<SizeHw>({ height: 0, width: 0 }),
    sketch: signal<Sketch | null>(null),
    /** Sharper pixels of the part of the shown photo that is in sight, once that is magnified. */
    detail: signal<Detail | null>(null),
    crosshair: signal<PointXy | null>(null),
    /** Where a mouse points with no button held; null: nowhere on the photo's canvas. */
    hover: signal<Hover | null>(null),
    /** Of Paint and Erase: across, CSS pixels. */
    brush: signal(24),
    /** What a click there would give; null: nothing is known of it. */
    preview: signal<CocoRle | null>(null),
    showsPreview: rememberedSwitch('preview', true),
    /** The step that was answered last. */
    lastStep: signal<StepId | null>(null),
    /** When the answers came that are not drawn yet; not a signal, since drawing must not cause drawing. */
    unpainted: new Map<StepId, number>(),
    /** How long answers waited for a frame and took to draw, milliseconds. */
    painted: signal<ReadonlyMap<StepId, PaintTimings>>(new Map()),
    /** Files that are being read for longer than a moment, in order. */
    reading: signal<readonly { readonly name: string }[]>([]),
    error: signal<ClientError | null>(null),
    /** Good news, until the next thing happens. */
    notice: signal<string | null>(null),
    /** Steps that are left out, and why. */
    failedSteps: signal<ReadonlyMap<StepId, ClientError>>(new Map()),
    /** Texts that the server is asked for just now. */
    textsAsked: signal<readonly string[]>([]),
    /** The graphs that texts need. */
    textGraphs: signal<'absent' | 'loading' | 'ready'>('absent'),
    /** What labels are chosen from; null while there are no names. */
    vocabulary: signal<Vocabulary | null>(null),
    /** What the user calls the next new objects; null: what the model calls them. */
    nextLabel: signal<string | null>(null),
    /** An object to be given again, on this or another photo. */
    copied: signal<CopiedObject | null>(null),
    /** Whether the window was left after that: what was copied elsewhere is newer. */
    leftSinceCopy: signal(false),
    helpOpen: signal(false),
    /** Keys that the user has chosen, by the names of rows of `keyTable.ts`. */
    keyChoices: rememberedLists('keys'),
    /** Of photos that are opened from now on; null: the model's own. */
    nextCanvas: signal<number | null>(null),
    /** Those that the server takes; null: not known. */
    canvases: signal<Canvases | null>(null),
    /** What the last embedding took. */
    embedCost: signal<EmbedCost | null>(null),
    /** How masks are drawn. */
    look: rememberedWord('look', 'filled', LOOKS),
    /** Of the inside of filled masks, per cent. */
    opacity: rememberedNumber('opacity', 43, [5, 100]),
    /** While a key is held all masks are hidden. */
    peeking: signal(false),
    /** Images of an opened project whose photo is still to come. */
    awaited: signal<readonly AwaitedImage[]>([]),
    /** Whether they are named on the page. */
    awaitedOpen: signal(true),
    activeImage: computed(() => activeImageOf(session.value)),
    activePhoto: computed(() => photos.value.get(session.value.activeImage ?? '') ?? null),
  };
}

const keptSignals = () => ({
  /** Until what keeps work has come, nothing is. */
  saved: signal<Saved>({ phase: 'saving' }),
  /** What tabs that are closed have left, the latest first. */
  kept: signal<readonly KeptWork[]>([]),
  /** Whether the storage is too small for all embeddings: some photos need the server after a reload. */
  needsServer: signal(false),
  isOffline: signal(false),
  /** Loads the page again, as another version of it; null: there is none. */
  newVersion: signal<(() => void) | null>(null),
});

const classSignals = (session: ReadonlySignal<Session>) => {
  const triedColour = signal<TriedColour | null>(null);
  return {
    /** Class names that the server is asked for just now. */
    classNamesAsked: signal(0),
    classNamesOpen: signal(false),
    /** The class whose attributes are being edited. */
    attributesOpen: signal<string | null>(null),
    triedColour,
    /** As the user chose or tries them. */
    classColours: computed(() => {
      const { classList, clock } = session.value;
      const tried = triedColour.value;
      const chosen = coloursOf(classList);
      return tried?.at === clock ? { ...chosen, [tried.name]: tried.colour } : chosen;
    }),
  };
};

const partSignals = () => ({
  ...videoSignals(),
  /** Of each photo the part that is embedded by itself just now: objects begin there. */
  sharpParts: signal<ReadonlyMap<ImageId, Part>>(new Map()),
  /** How far the embeddings of parts are, by their ids. */
  parts: signal<ReadonlyMap<string, Readiness>>(new Map()),
  /** Whether small objects are embedded by themselves once they have a mask; each asks the server once. */
  sharpensSmall: rememberedSwitch('sharpen-small', false),
  /** Whether large photos are made smaller before they are sent. */
  sendsSmaller: rememberedSwitch('send-smaller', false),
});

const videoSignals = () => ({
  /** Videos whose frames the user is asked to choose. */
  videos: signal<readonly File[]>([]),
  following: signal<FollowProgress | null>(null),
});

const drawingSwitches = () => ({
  /** Whether boxes, polygons and texts that begin an object are all of it. */
  acceptsAtOnce: rememberedSwitch('accept-at-once', false),
  /** Whether polygons are the mask as they are drawn. */
  drawsMasks: rememberedSwitch('polygons-are-masks', false),
});

export type Store = ReturnType<typeof createStore>;

/** Ten letters and digits: `crypto.randomUUID` is missing on pages without a secure context. */
const randomOrigin = (): string =>
  [...crypto.getRandomValues(new Uint8Array(10))].map((byte) => (byte % 36).toString(36)).join('') + '-';

/** How far an embedding is, of a photo or of a part; null: it is not wanted yet, or closed. */
export const phaseOf = ({ photos, parts }: Pick<Store, 'photos' | 'parts'>, embedded: string) =>
  (photos.value.get(embedded)?.readiness ?? parts.value.get(embedded))?.phase ?? null;

/** Whether an embedding gives answers that are no drafts. */
export const isReady = (store: Store, embedded: string): boolean => phaseOf(store, embedded) === 'ready';

/** Where objects of the shown photo begin: its part that is embedded by itself, or all of it. */
export function embeddedHere({
  activeImage,
  sharpParts,
}: Pick<Store, 'activeImage' | 'sharpParts'>): Embedded | null {
  const image = activeImage.value;
  return image && embeddedOf(image, sharpParts.value.get(image.id) ?? null);
}

/** The canvas that an embedding of a photo, or of a part of it, is made on; null: the model's own. */
export const canvasOf = ({ session }: Pick<Store, 'session'>, { image }: Embedded): number | null =>
  imageOf(session.value, image)?.document.canvas ?? null;

/** What a class embedding is called by the vocabulary of the store. */
export function namingOf({ decoder, vocabulary }: Store, classEmbed: Float32Array): Naming {
  const scale = decoder.value.phase === 'ready' ? decoder.value.info.logitScale : 1;
  return nameOf(classEmbed, vocabulary.value, scale);
}
