/** Answers the prompts that wait, one after the other. */
import type { DecoderBridge } from '../../bridge/decoder';
import { answeredAgain, withOldThinned } from '../../session/kept';
import { hasStep, nextPending, type Embedded, type PendingStep, type StepId } from '../../session/state';
import { recordResult } from '../../session/transitions';
import { toClientError, type ClientError } from '../../shared/errors';
import type { Naming } from '../../shared/model/naming';
import { counted, isEdit } from '../../shared/prompt/edits';
import type { StepResult } from '../../shared/types';
import { checkSize } from '../../pixels/decodePhoto';
import { isReady, namingOf, phaseOf, type Store } from '../state/store';
import { editResult, type Answer } from '../../bridge/editResult';
import { stepArgs } from './stepArgs';
import { answeredTimings } from './timings';
import type { TextLookup } from './textLookup';

interface Services {
  readonly decoder: DecoderBridge;
  readonly now: () => number;
}

interface Events {
  readonly onError: (error: ClientError) => void;
  /** The server, which decodes, no longer has the embedding. */
  readonly onGone: (embedded: Embedded) => void;
}

export class DecodeLoop {
  readonly #store: Store;
  readonly #services: Services;
  readonly #texts: TextLookup;
  readonly #events: Events;
  /** Steps during which the worker, or the server's copy of the image, was lost. */
  readonly #lostDuring = new Set<string>();
  #running: { readonly pending: PendingStep; readonly abort: AbortController } | null = null;

  constructor(store: Store, services: Services, texts: TextLookup, events: Events) {
    this.#store = store;
    this.#services = services;
    this.#texts = texts;
    this.#events = events;
  }

  /** Decode until no step waits; while it runs already, new steps are found on the way. */
  run(): void {
    if (this.#running !== null) return;
    const pending = nextPending(
      this.#store.session.value,
      (embedded) => isReady(this.#store, embedded),
      (step) => this.#canDecode(step),
      this.#store.failedSteps.value,
    );
    if (pending !== null) void this.#runOne(pending);
  }

  /** Stop waiting for a step that no object has any more. */
  cancelUndone(): void {
    const running = this.#running;
    if (running && !hasStep(this.#store.session.value, running.pending.step.id)) running.abort.abort();
  }

  async #runOne(pending: PendingStep): Promise<void> {
    const abort = new AbortController();
    this.#running = { pending, abort };
    try {
      await this.#decode(pending, abort.signal);
    } catch (thrown) {
      this.#failed(pending, toClientError(thrown, 'decoder'));
    } finally {
      this.#running = null;
    }
    this.run();
  }

  async #ask(pending: PendingStep, signal: AbortSignal): Promise<Answer | null> {
    const args = stepArgs(this.#store, this.#texts, pending);
    return args && this.#services.decoder.call('step', args, { signal });
  }

  #canDecode({ imageId, embedded, prompts, step, previous }: PendingStep): boolean {
    const { photos, session } = this.#store;
    const isKept = session.value.results.get(step.id)?.kept !== undefined;
    // What is painted stands on the edges of the photo.
    if (isEdit(step.prompt))
      return (
        photos.value.has(imageId) && (step.prompt.kind === 'mask' || isKept || previous?.isCoarse !== true)
      );
    const phase = phaseOf(this.#store, embedded.id);
    // A draft is worse than what was kept.
    const isOpen = phase === 'ready' || (phase === 'opening' && !isKept);
    return isOpen && this.#texts.vectorsOf(counted(prompts)) !== null;
  }

  async #decode(pending: PendingStep, signal: AbortSignal): Promise<void> {
    const { imageId, previous, step } = pending;
    const { session, photos, lastStep, unpainted } = this.#store;
    const size = photos.value.get(imageId)?.photo.size;
    if (size === undefined) return;
    const result = isEdit(step.prompt)
      ? editResult(step.prompt, previous, size)
      : await this.#ask(pending, signal);
    if (result === null) return;
    const finished = this.#services.now();
    checkSize(size, result.mask.size);
    const before = session.value.results.get(step.id);
    const draft = before?.isDraft === true ? { draft: before.timings.draft ?? before.timings.total } : {};
    const timings = { ...answeredTimings(result.timings, step.givenAt, finished), ...draft };
    // What remembers a draft is one, however well the worker knew the photo by then.
    const isDraft = result.isDraft || previous?.isDraft === true;
    const isNamed = previous?.classEmbed === result.classEmbed;
    const naming = isNamed ? nameIn(previous) : namingOf(this.#store, result.classEmbed);
    const answer = { ...result, ...naming, isDraft, timings };
    if (before?.kept !== undefined) {
      // Nothing new is seen.
      this.#record(step.id, answeredAgain(before, answer));
      return;
    }
    unpainted.set(step.id, finished);
    this.#record(step.id, answer);
    lastStep.value = step.id;
  }

  #record(step: StepId, result: StepResult): void {
    const { session, decoder } = this.#store;
    const recorded = recordResult(session.value, step, result);
    const model = decoder.value.phase === 'ready' ? decoder.value.info.fingerprint : null;
    session.value = model === null ? recorded : withOldThinned(recorded, model);
  }

  /** A step that failed is left out until another prompt is given or it is tried again. */
  #failed({ embedded, step }: PendingStep, error: ClientError): void {
    if (error.kind === 'aborted') return;
    // With another worker, or the photo sent again, it may be answered; what loses these too is not tried again.
    const isGone = error.what === 'embedding-lost' || (error.kind === 'http' && error.status === 404);
    if ((error.what === 'worker-failed' || isGone) && !this.#lostDuring.has(step.id)) {
      this.#lostDuring.add(step.id);
      if (isGone) this.#events.onGone(embedded);
      return;
    }
    const { failedSteps } = this.#store;
    failedSteps.value = new Map(failedSteps.value).set(step.id, error);
    this.#events.onError(error);
  }
}

const nameIn = ({ label, labelScore }: Naming): Naming => ({ label, labelScore });
