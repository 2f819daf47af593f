/** Finds everything in the shown photo, by the worker alone: each object is one click, and one undo takes all back. */
import { signal } from '@preact/signals';
import type { Loaded } from '../../api/wait';
import type { DecoderBridge } from '../../bridge/decoder';
import { SERVER_PROVIDER } from '../../shared/model/providers';
import type { Embedded, ImageId, Session } from '../../session/state';
import { addProposals, type Adding, type Proposal } from '../../session/proposals';
import { toClientError, type ClientError } from '../../shared/errors';
import type { WorkerProposal } from '../../shared/messages';
import { canvasOf, embeddedHere, isReady, namingOf, type Store } from '../state/store';
import { answeredTimings } from './timings';
import * as say from '../wording/page';

interface Services {
  readonly decoder: DecoderBridge;
  readonly now: () => number;
}

/** What is needed of the controller to add what was found. */
export interface Adder {
  change(edit: (session: Session) => Session): void;
  report(error: ClientError): void;
}

interface Running {
  readonly image: ImageId;
  /** 0 to 1 */
  readonly fraction: number;
}

export class Everything {
  /** Null while nothing runs. */
  readonly running = signal<Running | null>(null);
  readonly #store: Store;
  readonly #services: Services;
  readonly #controller: Adder;
  #abort: AbortController | null = null;

  constructor(store: Store, services: Services, controller: Adder) {
    this.#store = store;
    this.#services = services;
    this.#controller = controller;
  }

  /** Why it cannot begin now; null: it can. */
  get whyNot(): string | null {
    const { activeImage, decoder } = this.#store;
    const image = activeImage.value;
    if (image === null) return say.openAPhotoFirst;
    if (this.running.value !== null) return say.everythingRuns;
    if (decoder.value.phase === 'ready' && decoder.value.info.provider === SERVER_PROVIDER)
      return say.notOnServer;
    const here = embeddedHere(this.#store);
    return here !== null && isReady(this.#store, here.id) ? null : say.photoNotReadyYet;
  }

  async run(): Promise<void> {
    const here = embeddedHere(this.#store);
    if (here === null || this.whyNot !== null) return;
    const abort = new AbortController();
    this.#abort = abort;
    const givenAt = this.#services.now();
    const show = (fraction: number): void => {
      if (this.#abort === abort) this.running.value = { image: here.image, fraction };
    };
    show(0);
    const canvas = canvasOf(this.#store, here);
    try {
      const onProgress = ({ bytes, total }: Loaded): void => show(bytes / (total ?? bytes));
      const options = { signal: abort.signal, onProgress };
      const found = await this.#services.decoder.call('everything', { imageId: here.id }, options);
      this.#add(here, found, { givenAt, canvas });
    } catch (thrown) {
      const error = toClientError(thrown, 'decoder');
      if (error.kind !== 'aborted') this.#controller.report(error);
    } finally {
      if (this.#abort === abort) this.cancel();
    }
  }

  /** Stop looking; nothing changes. */
  cancel(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.running.value = null;
  }

  #add(
    { image, part }: Embedded,
    found: readonly WorkerProposal[],
    { givenAt, canvas }: Pick<Adding, 'givenAt' | 'canvas'>,
  ): void {
    const { session, notice } = this.#store;
    const before = session.value;
    const proposals = answered(this.#store, found, givenAt, this.#services.now());
    const adding = { what: 'everything', selects: false, givenAt, part, canvas };
    this.#controller.change((now) => addProposals(now, image, proposals, adding));
    const count = (one: Session): number =>
      one.images.find(({ id }) => id === image)?.document.objects.length ?? 0;
    const added = count(session.value) - count(before);
    notice.value = say.objectsFound(added);
  }
}

/** Proposals of the worker with names and timings. */
export function answered(
  store: Store,
  found: readonly WorkerProposal[],
  givenAt: number,
  finished: number,
): Proposal[] {
  return found.map(({ point: { x, y }, result }) => {
    const timings = answeredTimings(result.timings, givenAt, finished);
    const prompt = { kind: 'click', x, y, label: 1 } as const;
    return { prompt, result: { ...result, ...namingOf(store, result.classEmbed), timings } };
  });
}
