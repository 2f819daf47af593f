/**
 * Follows the selected object through the photos after the shown one, which are frames: each gets an object of the same
 * track, whose prompts are the mask before it and a click. Fetched when it is wanted.
 */
import { signal } from '@preact/signals';
import { followingPrompts } from '../../shared/prompt/following';
import {
  activeObjectOf,
  imageOf,
  resultOf,
  type ImageId,
  type SegmentObject,
  type Session,
} from '../../session/state';
import type { CocoRle } from '../../shared/types';
import { phaseOf, type Store } from '../state/store';
import { followInto, framesAfter, ofTrack, tracked } from './tracks';
import * as say from '../wording/later';
import { untilTrue } from '../state/untilTrue';

export interface Follower {
  readonly store: Store;
  readonly controller: {
    change(edit: (session: Session) => Session): void;
    activateImage(id: ImageId): void;
    notify(notice: string): void;
  };
}

/** Until the last frame, or until it is stopped; what was found by then stays. */
export async function follow({ store, controller }: Follower): Promise<void> {
  if (store.following.value !== null) return;
  const image = store.activeImage.value;
  const object = image && activeObjectOf(image);
  const frames = image === null ? [] : framesAfter(store.session.value, image.id);
  if (image === null || object === null || !isMasked(store, object)) {
    controller.notify(say.nothingToFollow);
    return;
  }
  if (frames.length === 0) {
    controller.notify(say.nowhereToFollow);
    return;
  }
  // No two have the same: each is a change, and with a change the clock goes on.
  const together = store.session.value.clock;
  controller.change((session) => tracked(session, image.id, object.id, together));
  const track = ofObject(store, image.id, object.id)?.track ?? 0;
  const following = new Following({ store, controller }, { track, together, total: frames.length });
  await following.through(
    image.id,
    frames.map(({ id }) => id),
  );
}

interface Wish {
  readonly track: number;
  /** Of the changes, which are undone as one. */
  readonly together: number;
  /** Frames. */
  readonly total: number;
}

class Following {
  readonly #store: Store;
  readonly #controller: Follower['controller'];
  readonly #track: number;
  readonly #together: number;
  readonly #total: number;
  readonly #isStopped = signal(false);

  constructor({ store, controller }: Follower, { track, together, total }: Wish) {
    this.#store = store;
    this.#controller = controller;
    this.#track = track;
    this.#together = together;
    this.#total = total;
  }

  /** `first` has the object; each of the frames gets it from the one before. */
  async through(first: ImageId, frames: readonly ImageId[]): Promise<void> {
    let [before, lost, done] = [first, 0, 0];
    this.#say(0);
    let mask = await this.#answerOn(first);
    for (const frame of frames) {
      const like = this.#on(before);
      const prompts = mask && followingPrompts(mask);
      if (like === null || prompts === null || this.#isStopped.value) break;
      this.#ask(before, frame, like, prompts);
      const found = await this.#answerOn(frame);
      // It was stopped, could not be answered, or was taken back.
      if (found === null) break;
      // Where nothing is found the next frame is asked for what was seen last.
      if (found.counts.length > 1) mask = found;
      else lost++;
      [before, done] = [frame, done + 1];
      this.#say(done);
    }
    this.#store.following.value = null;
    this.#conclude(done, lost);
  }

  /** Those who look at the frame before see the next one come. */
  #ask(
    before: ImageId,
    frame: ImageId,
    like: SegmentObject,
    prompts: Parameters<typeof followInto>[3],
  ): void {
    const isWatched = this.#store.activeImage.value?.id === before;
    // A locked one says where the thing is, as it is.
    if (this.#on(frame)?.isLocked !== true)
      this.#controller.change((session) =>
        followInto(session, like, frame, prompts, performance.now(), this.#together),
      );
    if (isWatched) this.#controller.activateImage(frame);
  }

  #on(image: ImageId): SegmentObject | null {
    const found = imageOf(this.#store.session.value, image);
    return found && ofTrack(found, this.#track);
  }

  /** Its final mask on a photo; null: there is none to wait for. */
  async #answerOn(image: ImageId): Promise<CocoRle | null> {
    const { session, failedSteps } = this.#store;
    const isOver = (): boolean => {
      const object = this.#on(image);
      const isFailed = object?.steps.some(({ id }) => failedSteps.value.has(id)) ?? true;
      return this.#isStopped.value || isFailed || phaseOf(this.#store, image) === 'failed';
    };
    const answer = (): CocoRle | null => {
      const object = this.#on(image);
      const last = object?.steps.at(-1);
      const result = last && session.value.results.get(last.id);
      return result && !result.isDraft && result.isCoarse !== true ? result.mask : null;
    };
    await untilTrue(() => isOver() || answer() !== null);
    return isOver() ? null : answer();
  }

  #say(done: number): void {
    const stop = (): void => void (this.#isStopped.value = true);
    this.#store.following.value = { done, total: this.#total, stop };
  }

  #conclude(done: number, lost: number): void {
    // An error says more.
    if (this.#store.error.value === null) this.#controller.notify(say.followed(done, this.#total, lost));
  }
}

const isMasked = ({ session }: Store, object: SegmentObject): boolean =>
  (resultOf(session.value, object)?.area ?? 0) > 0;

const ofObject = ({ session }: Store, image: ImageId, id: string): SegmentObject | null =>
  imageOf(session.value, image)?.document.objects.find((object) => object.id === id) ?? null;
