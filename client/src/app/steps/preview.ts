/**
 * The mask that a click would give where the mouse is, before there is one: the latest place wins, one at a time, and
 * whatever is given for real goes first. It is in no session: nothing that is saved knows of it.
 */
import { effect } from '@preact/signals';
import type { DecoderBridge } from '../../bridge/decoder';
import { SERVER_PROVIDER } from '../../bridge/serverDecoder';
import { clickAt } from '../../canvas/toolGestures';
import { isInside, toImage } from '../../canvas/viewport';
import { activeObjectOf, type PendingStep } from '../../session/state';
import type { StepArgs } from '../../shared/messages';
import { isReady, type Store } from '../state/store';
import { stepArgs } from './stepArgs';
import type { TextLookup } from './textLookup';

/** A click that is not given, on an object as it is. */
interface Wish extends Pick<PendingStep, 'imageId' | 'prompts' | 'previous'> {
  readonly object: string | null;
}

export class Preview {
  readonly #store: Store;
  readonly #decoder: DecoderBridge;
  readonly #texts: TextLookup;
  #wish: Wish | null = null;
  #running: { readonly wish: Wish; readonly abort: AbortController } | null = null;

  constructor(store: Store, decoder: DecoderBridge, texts: TextLookup) {
    this.#store = store;
    this.#decoder = decoder;
    this.#texts = texts;
    effect(() => this.#follow(wishOf(store)));
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
  one?.imageId === other?.imageId && one?.object === other?.object && one?.previous === other?.previous;

/** Null where no click would be answered at once, or where nobody points. */
function wishOf(store: Store): Wish | null {
  const { hover, tool, sketch, viewport, showsPreview, decoder } = store;
  const image = store.activeImage.value;
  if (hover.value === null || image === null || sketch.value !== null) return null;
  if (tool.value !== 'click' || !showsPreview.value || !isReady(store, image.id)) return null;
  if (decoder.value.phase !== 'ready' || decoder.value.info.provider === SERVER_PROVIDER) return null;
  const at = toImage(viewport.value, hover.value.at);
  const known = knownOf(store);
  if (known === null || !isInside(at, image.size)) return null;
  const click = clickAt(at, hover.value.isNegative ? 0 : 1);
  return { ...known, imageId: image.id, prompts: [...known.prompts, click] };
}

/** What the active object was told so far; null while that is not answered for good. */
function knownOf({ activeImage, session, failedSteps }: Store): Omit<Wish, 'imageId'> | null {
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
