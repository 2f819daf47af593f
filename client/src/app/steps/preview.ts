/**
 * The mask that a click would give where the mouse is, before there is one: the latest place wins, one at a time, and
 * whatever is given for real goes first. It is in no session: nothing that is saved knows of it.
 */
import { effect } from '@preact/signals';
import type { DecoderBridge } from '../../bridge/decoder';
import { SERVER_PROVIDER } from '../../shared/model/providers';
import { clickAt } from '../../canvas/toolGestures';
import { isInside, toImage } from '../../canvas/viewport';
import { holds } from '../../session/parts';
import {
  activeObjectOf,
  embeddedOf,
  type Embedded,
  type ImageState,
  type ObjectId,
  type PendingStep,
} from '../../session/state';
import type { StepArgs } from '../../shared/messages';
import type { PromptItem } from '../../shared/types';
import { isReady, type Store } from '../state/store';
import { stepArgs } from './stepArgs';
import type { TextLookup } from './textLookup';

/** A click that is not given, on an object as it is. */
interface Wish extends Pick<PendingStep, 'embedded' | 'prompts' | 'previous'> {
  readonly object: string | null;
}

export class Preview {
  readonly #store: Store;
  readonly #decoder: DecoderBridge;
  readonly #texts: TextLookup;
  #wish: Wish | null = null;
  #running: { readonly wish: Wish; readonly abort: AbortController } | null = null;

  /** `wake` hears of objects that have to be answered again before they can have a preview. */
  constructor(store: Store, decoder: DecoderBridge, texts: TextLookup, wake: (object: ObjectId) => void) {
    this.#store = store;
    this.#decoder = decoder;
    this.#texts = texts;
    effect(() => {
      const wish = wishOf(store);
      const isAsleep = wish?.previous?.kept !== undefined;
      if (isAsleep && wish.object !== null) wake(wish.object);
      this.#follow(isAsleep ? null : wish);
    });
  }

  #follow(wish: Wish | null): void {
    const running = this.#running;
    if (!isSameObject(wish, this.#wish)) this.#store.preview.value = null;
    if (running !== null && !isSameObject(wish, running.wish)) running.abort.abort();
    this.#wish = wish;
    if (running === null) void this.#run();
  }

  async #run(): Promise<void> {
    let seen: Wish | null = null;
    while (this.#wish !== null && this.#wish !== seen) {
      seen = this.#wish;
      const args = stepArgs(this.#store, this.#texts, seen);
      if (args !== null) await this.#ask(seen, args);
    }
  }

  /** What goes wrong goes wrong again with the click, and is said then. */
  async #ask(wish: Wish, args: StepArgs): Promise<void> {
    const abort = new AbortController();
    this.#running = { wish, abort };
    const { signal } = abort;
    const answer = await this.#decoder.call('preview', args, { signal }).catch(() => null);
    this.#running = null;
    if (answer !== null && isSameObject(wish, this.#wish)) this.#store.preview.value = answer.mask;
  }
}

const isSameObject = (one: Wish | null, other: Wish | null): boolean =>
  one?.embedded.id === other?.embedded.id &&
  one?.object === other?.object &&
  one?.previous === other?.previous;

/** Null where no click would be answered at once, or where nobody points. */
function wishOf(store: Store): Wish | null {
  const { hover, tool, sketch, viewport, showsPreview, decoder } = store;
  const image = store.activeImage.value;
  if (hover.value === null || image === null) return null;
  // A right button that is held gives the click that is shown.
  if (sketch.value !== null && !(sketch.value.kind === 'press' && hover.value.isNegative)) return null;
  if (tool.value !== 'click' || !showsPreview.value) return null;
  if (decoder.value.phase !== 'ready' || decoder.value.info.provider === SERVER_PROVIDER) return null;
  const at = toImage(viewport.value, hover.value.at);
  const known = knownOf(store);
  if (known === null || !isInside(at, image.size)) return null;
  const click = clickAt(at, hover.value.isNegative ? 0 : 1);
  const embedded = embeddedFor(store, image, click);
  if (embedded === null || !isReady(store, embedded.id)) return null;
  return { ...known, embedded, prompts: [...known.prompts, click] };
}

/** Where a click would be answered; null where a part would have to grow for it first. */
function embeddedFor({ sharpParts }: Store, image: ImageState, click: PromptItem): Embedded | null {
  const active = activeObjectOf(image);
  const begun = active !== null && active.steps.length > 0;
  if (!begun) {
    const here = sharpParts.value.get(image.id) ?? null;
    return embeddedOf(image, here !== null && holds(here, click) ? here : null);
  }
  const part = active.part ?? null;
  return part === null || holds(part, click) ? embeddedOf(image, part) : null;
}

/** What the active object was told so far; null while that is not answered for good. */
function knownOf({ activeImage, session, failedSteps }: Store): Omit<Wish, 'embedded'> | null {
  const object = activeImage.value && activeObjectOf(activeImage.value);
  if (object?.isLocked === true) return null;
  const steps = object?.steps.filter(({ id }) => !failedSteps.value.has(id)) ?? [];
  const results = steps.map(({ id }) => session.value.results.get(id));
  if (results.some((result) => result === undefined || result.isDraft)) return null;
  return {
    object: object?.id ?? null,
    prompts: steps.map(({ prompt }) => prompt),
    previous: results.at(-1) ?? null,
  };
}
