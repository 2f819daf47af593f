/** The objects of one image, marked by prompts, be they answered here or elsewhere. */
import { redo, undo } from '../session/history';
import {
  activeImageOf,
  EMPTY_SESSION,
  labelOf,
  nextPending,
  resultOf,
  type PendingStep,
  type SegmentObject,
  type Session,
} from '../session/state';
import { addPrompt, newObject, openImage, recordResult, selectObject } from '../session/transitions';
import { Failure, toClientError } from '../shared/errors';
import { readPromptItem, rowOf } from '../shared/prompt/kinds';
import type { Xy } from '../shared/prompt/polyline';
import type { Plain } from '../shared/reading/plain';
import type { CocoRle, Extent, PromptItem, SizeHw, StepResult } from '../shared/types';

/** What a prompt gave. */
export interface Found {
  /** Of the upright image. */
  readonly mask: CocoRle;
  /** Pixels of the mask. */
  readonly area: number;
  /** Higher is better; null where only a brush made the mask. */
  readonly score: number | null;
  /** What the object is called: by you, or else by the model. */
  readonly label: string | null;
  /** Probability of the model's name, 0 to 1. */
  readonly labelScore: number | null;
}

export interface MarkedObject {
  readonly id: string;
  /** From 1 on, never given twice. */
  readonly number: number;
  readonly isActive: boolean;
  readonly prompts: readonly PromptItem[];
  /** How many of them have been answered. */
  readonly answered: number;
  /** Null while nothing has answered. */
  readonly found: Found | null;
}

export interface PromptOptions {
  /** What a new object is called; without it the model names the object. */
  readonly label?: string | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ClickOptions extends PromptOptions {
  /** 0: a pixel that is not of the object. */
  readonly positive?: boolean;
  /** Another mask than the first answer is meant. */
  readonly extent?: Extent;
}

/** Answers a prompt, with those of its object before it. */
export type AnswerPrompt = (asked: PendingStep, size: SizeHw, signal?: AbortSignal) => Promise<StepResult>;

/**
 * One object is marked at a time: each prompt adds to it, and its mask follows from all of them in order. What is
 * asked meanwhile waits for its turn.
 */
export class Marking extends EventTarget {
  readonly size: SizeHw;
  readonly #answer: AnswerPrompt;
  #session: Session;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(size: SizeHw, answer: AnswerPrompt) {
    super();
    this.size = size;
    this.#answer = answer;
    this.#session = openImage(EMPTY_SESSION, '', size);
  }

  get objects(): readonly MarkedObject[] {
    const document = activeImageOf(this.#session)?.document;
    return (document?.objects ?? []).map((object) => ({
      id: object.id,
      number: object.number,
      isActive: object.id === document?.activeObject,
      prompts: object.steps.map(({ prompt }) => prompt),
      answered: object.steps.filter(({ id }) => this.#session.results.has(id)).length,
      found: foundOf(this.#session, object),
    }));
  }

  /** Of the object that is being marked; null before its first answer. */
  get found(): Found | null {
    return this.objects.find(({ isActive }) => isActive)?.found ?? null;
  }

  /** Click at a place of the image, pixels. */
  click(x: number, y: number, { positive = true, extent, ...options }: ClickOptions = {}): Promise<Found> {
    return this.prompt({ kind: 'click', x, y, label: positive ? 1 : 0, ...(extent && { extent }) }, options);
  }

  /**
   * Add prompts to the object, one after the other, and give its mask after the last.
   *
   * @throws Failure: when one of them fails, none of them counts.
   */
  prompt(items: PromptItem | readonly PromptItem[], options: PromptOptions = {}): Promise<Found> {
    return this.#inTurn(async () => {
      const before = this.#session;
      const given = [items].flat().map((item) => this.#checked(item));
      if (given.length === 0) throw unfit('expected at least one prompt');
      const add = (session: Session, item: PromptItem): Session =>
        addPrompt(session, item, performance.now(), options.label ?? null);
      this.#show(given.reduce(add, before));
      try {
        await this.#answerAll(options.signal);
      } catch (error) {
        this.#show(before);
        throw error;
      }
      const { found } = this;
      if (found === null) throw unfit('nothing was answered');
      return found;
    });
  }

  /** Take back what came last: the mask of the object that is being marked then. */
  undo(): Promise<Found | null> {
    return this.#change(undo);
  }

  redo(): Promise<Found | null> {
    return this.#change(redo);
  }

  /** The next prompt begins another object. */
  begin(): Promise<Found | null> {
    return this.#change((session) => newObject(session));
  }

  /** Mark that object on. */
  select(id: string): Promise<Found | null> {
    return this.#change((session) => selectObject(session, id));
  }

  #change(change: (session: Session) => Session): Promise<Found | null> {
    return this.#inTurn(async () => {
      this.#show(change(this.#session));
      await this.#answerAll();
      return this.found;
    });
  }

  async #answerAll(signal?: AbortSignal): Promise<void> {
    for (;;) {
      const pending = nextPending(
        this.#session,
        () => true,
        () => true,
      );
      if (pending === null) return;
      const result = await this.#answer(pending, this.size, signal);
      this.#show(recordResult(this.#session, pending.step.id, result));
    }
  }

  #checked(item: PromptItem): PromptItem {
    const read = readItem(item);
    const { height, width } = this.size;
    const isInside = ([x, y]: Xy): boolean => x >= 0 && y >= 0 && x <= width && y <= height;
    if (rowOf(read).places(read).every(isInside)) return read;
    throw unfit(`expected places in an image of ${width} x ${height} pixels`);
  }

  #show(session: Session): void {
    if (session === this.#session) return;
    this.#session = session;
    this.dispatchEvent(new Event('change'));
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act, act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** Callers need not be typed. */
function readItem(item: PromptItem): PromptItem {
  try {
    return readPromptItem(item as unknown as Plain, 'prompt');
  } catch (error) {
    throw unfit(toClientError(error, 'decoder').message);
  }
}

const unfit = (message: string): Failure => new Failure({ kind: 'prompt', message });

function foundOf(session: Session, object: SegmentObject): Found | null {
  const result = resultOf(session, object);
  if (result === null) return null;
  const { mask, area, score, labelScore } = result;
  return { mask, area, score, label: labelOf(session, object)?.text ?? null, labelScore };
}
