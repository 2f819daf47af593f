/** Goes through the answers to the last click of the selected object: what it meant, a part of that, and what is around. */
import { signal } from '@preact/signals';
import type { DecoderBridge } from '../../bridge/decoder';
import { SERVER_PROVIDER } from '../../shared/model/providers';
import { answerOtherwise, lastClick } from '../../session/alternatives';
import { isAsleep } from '../../session/kept';
import {
  activeObjectOf,
  embeddedOf,
  type ObjectId,
  type PendingStep,
  type SegmentObject,
  type Session,
  type StepId,
} from '../../session/state';
import type { ClickItem } from '../../shared/generated';
import type { StepArgs, WorkerAlternative } from '../../shared/messages';
import { toClientError, type ClientError } from '../../shared/errors';
import type { Extent } from '../../shared/types';
import { isReady, namingOf, type Store } from '../state/store';
import { answeredTimings } from './timings';
import { untilTrue } from '../state/untilTrue';
import * as say from '../wording/page';

interface Services {
  readonly decoder: DecoderBridge;
  readonly now: () => number;
}

/** What is needed of the controller. */
interface Actions {
  argsOf(pending: PendingStep): StepArgs | null;
  wake(object: ObjectId): void;
  change(edit: (session: Session) => Session): void;
  notify(notice: string): void;
  report(error: ClientError): void;
}

/** The answers to one click. */
interface Known {
  readonly click: string;
  readonly answers: readonly WorkerAlternative[];
}

/** The last click of an object, and all that its answers depend on. */
interface Asked {
  readonly pending: PendingStep;
  readonly prompt: ClickItem;
  readonly click: string;
}

export class Alternatives {
  readonly #store: Store;
  readonly #services: Services;
  readonly #controller: Actions;
  readonly #known = signal<Known | null>(null);
  /** Which click is being asked about, and how often the key was pressed for it. */
  #asking: { readonly click: string; presses: number } | null = null;

  constructor(store: Store, services: Services, controller: Actions) {
    this.#store = store;
    this.#services = services;
    this.#controller = controller;
  }

  /** Why an object has no other answers now; null: it may have. */
  whyNot(object: SegmentObject | null): string | null {
    const { activeImage, decoder, session } = this.#store;
    const image = activeImage.value;
    const last = object && lastClick(object);
    if (image === null || object === null || last === null) return say.onlyClicks;
    if (object.isLocked === true) return say.theObjectIsLocked;
    if (decoder.value.phase === 'ready' && decoder.value.info.provider === SERVER_PROVIDER)
      return say.notOnServer;
    const result = session.value.results.get(last.id);
    const isAnswered =
      result !== undefined &&
      !result.isDraft &&
      isReady(this.#store, embeddedOf(image, object.part ?? null).id);
    return isAnswered ? null : say.clickNotAnsweredYet;
  }

  /** Which of how many answers an object has, from 1 on; null while they are not known. */
  placeOf(object: SegmentObject): { readonly place: number; readonly count: number } | null {
    const asked = this.#askedOf(object);
    const known = this.#known.value;
    if (asked === null || known?.click !== asked.click) return null;
    return { place: placeIn(known.answers, asked.prompt.extent) + 1, count: known.answers.length };
  }

  /** Have the last click of the selected object mean what comes after what it means; after the last, the first. */
  async next(): Promise<void> {
    const object = this.#selected();
    const why = this.whyNot(object);
    if (why === null && object !== null && this.#isAsleep(object.id)) await this.#untilAwake(object.id);
    const asked = object && this.#askedOf(object);
    if (why !== null || asked === null) {
      this.#controller.notify(why ?? '');
      return;
    }
    if (this.#asking?.click === asked.click) {
      this.#asking.presses++;
      return;
    }
    const asking = { click: asked.click, presses: 1 };
    this.#asking = asking;
    const answers = await this.#answersTo(asked);
    if (this.#asking === asking) this.#asking = null;
    if (answers?.length === 1) this.#controller.notify(say.noOtherMaskFound);
    else for (let press = 0; press < asking.presses; press++) this.#mean(asked.click, answers ?? []);
  }

  /** Whether it was kept through a reload, and the prompts before its last click say nothing to that yet. */
  #isAsleep(id: ObjectId): boolean {
    const { session, failedSteps } = this.#store;
    const object = this.#selected();
    if (object?.id !== id || object.steps.length === 1) return false;
    const isFailed = object.steps.some((step) => failedSteps.value.has(step.id));
    return !isFailed && isAsleep(session.value, object);
  }

  async #untilAwake(id: ObjectId): Promise<void> {
    this.#controller.wake(id);
    await untilTrue(() => !this.#isAsleep(id));
  }

  /** Have the selected object, if the answers are still to its last click, the one after that it has. */
  #mean(click: string, answers: readonly WorkerAlternative[]): void {
    const asked = this.#askedOf(this.#selected());
    if (asked?.click !== click) return;
    const { pending, prompt } = asked;
    const next = answers[(placeIn(answers, prompt.extent) + 1) % answers.length];
    if (next === undefined) return;
    const meant = { ...plainly(prompt), ...(next.extent && { extent: next.extent }) };
    const now = this.#services.now();
    const timings = answeredTimings(next.result.timings, now, now);
    const result = { ...next.result, ...namingOf(this.#store, next.result.classEmbed), timings };
    this.#controller.change((session) =>
      answerOtherwise(session, pending.object.id, { prompt: meant, result }, now),
    );
  }

  async #answersTo({ pending, click }: Asked): Promise<readonly WorkerAlternative[] | null> {
    const known = this.#known.value;
    if (known?.click === click) return known.answers;
    const args = this.#controller.argsOf(pending);
    return args && this.#ask(click, args);
  }

  async #ask(click: string, args: StepArgs): Promise<readonly WorkerAlternative[] | null> {
    try {
      const answers = await this.#services.decoder.call('alternatives', args);
      this.#known.value = { click, answers };
      return answers;
    } catch (thrown) {
      this.#controller.report(toClientError(thrown, 'decoder'));
      return null;
    }
  }

  #selected(): SegmentObject | null {
    const image = this.#store.activeImage.value;
    return image && activeObjectOf(image);
  }

  #askedOf(object: SegmentObject | null): Asked | null {
    const { activeImage, session, failedSteps } = this.#store;
    const image = activeImage.value;
    const last = object && lastClick(object);
    if (image === null || object === null || last === null) return null;
    const steps = object.steps.filter(({ id }) => !failedSteps.value.has(id));
    const before = steps.at(-2)?.id;
    const embedded = embeddedOf(image, object.part ?? null);
    const { x, y, label } = last.prompt;
    return {
      pending: {
        ...{ imageId: image.id, embedded, object, step: last },
        prompts: [...steps.slice(0, -1).map(({ prompt }) => prompt), plainly(last.prompt)],
        previous: resultOf(session.value, before),
      },
      prompt: last.prompt,
      click: JSON.stringify([object.id, before, x, y, label, embedded.id, image.document.canvas]),
    };
  }
}

const resultOf = ({ results }: Session, step: StepId | undefined): PendingStep['previous'] =>
  (step === undefined ? undefined : results.get(step)) ?? null;

/** The click as it was given. */
const plainly = ({ kind, x, y, label }: ClickItem): ClickItem => ({ kind, x, y, label });

/** The first stands for what is none of them. */
const placeIn = (answers: readonly WorkerAlternative[], extent: Extent | undefined): number =>
  Math.max(
    answers.findIndex((one) => one.extent === extent),
    0,
  );
