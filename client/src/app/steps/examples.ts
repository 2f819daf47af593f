/**
 * Examples: what an object shows, on any open photo, is looked for in the photo on screen. What is found are objects of
 * one click each, so nothing that is saved depends on the photo of the example.
 */
import { signal } from '@preact/signals';
import type { DecoderBridge } from '../../bridge/decoder';
import { addProposals, type Proposal } from '../../session/proposals';
import { objectAt } from '../../session/objects';
import {
  imageOf,
  labelOf,
  resultOf,
  type Embedded,
  type ImageId,
  type ObjectId,
  type SegmentObject,
  type Session,
} from '../../session/state';
import { Failure, toClientError } from '../../shared/errors';
import { promptPoints, wholeImage } from '../../shared/prompt/prompts';
import { rleIou } from '../../shared/rle';
import type { CocoRle, PromptItem, StepResult } from '../../shared/types';
import { canvasOf, embeddedHere, isReady, type Store } from '../state/store';
import { answered, type Adder } from './everything';
import * as say from '../wording/page';

interface Services {
  readonly decoder: DecoderBridge;
  readonly now: () => number;
}

/** A region of an open photo. */
export interface Example {
  readonly image: ImageId;
  /** Null: a place where no object is. */
  readonly object: string | null;
  /** For people. */
  readonly name: string;
  /** What found objects are called by the user; null: nothing. */
  readonly label: string | null;
  /** What it shows, [E]; null: to be asked of the prompts. */
  readonly meaning: Float32Array | null;
  readonly prompts: readonly PromptItem[];
}

/** The objects of a photo by which others may be found. */
export interface Offered {
  readonly image: ImageId;
  readonly photo: string;
  readonly objects: readonly { readonly id: ObjectId; readonly name: string }[];
}

/** All objects with a mask. */
export const offeredBy = (session: Session): readonly Offered[] =>
  session.images
    .map(({ id, name, document }) => ({
      ...{ image: id, photo: name },
      objects: document.objects
        .filter((object) => exampleOf(session, id, object) !== null)
        .map((object) => ({ id: object.id, name: nameOf(session, object) })),
    }))
    .filter(({ objects }) => objects.length > 0);

const nameOf = (session: Session, object: SegmentObject): string =>
  `${object.number} ${labelOf(session, object)?.text ?? 'object'}`;

/** Of an object that was only painted or read, its mask is asked what it shows. */
function exampleOf(session: Session, image: ImageId, object: SegmentObject): Example | null {
  const result = resultOf(session, object);
  if (result === null || result.isDraft || result.area === 0) return null;
  const { mask, classEmbed } = result;
  return {
    ...{ image, object: object.id, name: nameOf(session, object), label: object.userLabel },
    meaning: classEmbed.length > 0 ? classEmbed : null,
    prompts: [maskPrompt(mask)],
  };
}

const maskPrompt = ({ size, counts }: CocoRle): PromptItem => ({ kind: 'mask', size, counts });

export class Examples {
  readonly isRunning = signal(false);
  readonly chosen = signal<Example | null>(null);
  readonly #store: Store;
  readonly #services: Services;
  readonly #controller: Adder;

  constructor(store: Store, services: Services, controller: Adder) {
    this.#store = store;
    this.#services = services;
    this.#controller = controller;
  }

  /** Let an object be the example; null, or one without a mask: none is. */
  choose(id: string | null): void {
    const session = this.#store.session.value;
    this.chosen.value =
      session.images
        .flatMap(({ id: image, document }) => document.objects.map((object) => ({ image, object })))
        .filter(({ object }) => object.id === id)
        .map(({ image, object }) => exampleOf(session, image, object))
        .at(0) ?? null;
  }

  /** Find in the shown photo what is like the object at a place of it, or like what is in a box. */
  async show(prompt: PromptItem): Promise<void> {
    const { session, activeImage } = this.#store;
    const image = activeImage.value;
    if (image === null) return;
    const object = prompt.kind === 'click' ? objectAt(session.value, prompt) : null;
    const place = { image: image.id, object: null, name: 'the place that you showed', label: null };
    const ofPlace: Example = { ...place, meaning: null, prompts: [prompt] };
    this.chosen.value = (object && exampleOf(session.value, image.id, object)) ?? ofPlace;
    await this.find();
  }

  /** Find in the shown photo what is like the example. */
  async find(): Promise<void> {
    const { session, notice } = this.#store;
    const [here, example] = [embeddedHere(this.#store), this.chosen.value];
    if (here === null || example === null || this.isRunning.value) return;
    if (!this.#isReady(here)) return;
    this.isRunning.value = true;
    const givenAt = this.#services.now();
    try {
      const vector = example.meaning ?? (await this.#meaningOf(example));
      if (!this.#isReady(here)) return;
      const canvas = canvasOf(this.#store, here);
      const found = await this.#services.decoder.call('find', { imageId: here.id, vector });
      const proposals = apart(answered(this.#store, found, givenAt, this.#services.now()));
      const before = session.value;
      const { image, part } = here;
      const adding = { what: 'example', selects: true, givenAt, label: example.label, part, canvas };
      this.#controller.change((now) => addProposals(now, image, proposals, adding));
      notice.value = say.foundLike(example.name, countOf(session.value, image) - countOf(before, image));
    } catch (thrown) {
      const error = toClientError(thrown, 'decoder');
      if (error.kind !== 'aborted') this.#controller.report(error);
    } finally {
      this.isRunning.value = false;
    }
  }

  #isReady({ id }: Embedded): boolean {
    if (isReady(this.#store, id)) return true;
    this.#store.notice.value = say.photoNotReadyTryAgain;
    return false;
  }

  /** What the decoder says of the prompts alone. */
  async #meaningOf({ image: imageId, prompts }: Example): Promise<Float32Array> {
    const { decoder, session } = this.#store;
    const size = imageOf(session.value, imageId)?.size;
    if (size === undefined || decoder.value.phase !== 'ready')
      throw new Failure({ kind: 'decoder', message: 'the photo of the example is closed' });
    const points = promptPoints(prompts, wholeImage(size), decoder.value.info);
    const told = { imageId, prompts, points, texts: [], memory: null };
    return (await this.#services.decoder.call('step', told)).classEmbed;
  }
}

/** Those that do not lie mostly in better ones, nor hold most of them. */
const apart = (proposals: readonly Proposal[]): readonly Proposal[] =>
  proposals.reduce<readonly Proposal[]>((kept, one) => {
    const isApart = kept.every((better) => shareOf(one.result, better.result) <= MOST_SHARED);
    return isApart ? [...kept, one] : kept;
  }, []);

const MOST_SHARED = 0.5;

/** Of the smaller one of two masks, what lies in the other, 0 to 1. */
function shareOf(one: StepResult, other: StepResult): number {
  const iou = rleIou(one.mask, other.mask);
  return ((one.area + other.area) * iou) / (1 + iou) / Math.max(Math.min(one.area, other.area), 1);
}

const countOf = (session: Session, image: ImageId): number =>
  session.images.find(({ id }) => id === image)?.document.objects.length ?? 0;
