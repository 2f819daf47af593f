/**
 * Gives masks the edges of the photo: each is shown as the decoder's cells make it, and replaced a moment later. One at
 * a time; whatever is asked of the decoder goes first, and a newer prompt ends what it makes useless. The worker holds
 * the pixels of one photo, as a rule the one on screen.
 */
import { effect, untracked } from '@preact/signals';
import type { DecoderBridge } from '../../bridge/decoder';
import { SERVER_PROVIDER } from '../../shared/model/providers';
import { coarseMasks, recordSharp, type CoarseMask } from '../../session/sharpening';
import type { ImageId } from '../../session/state';
import { toClientError } from '../../shared/errors';
import { decodeWhole } from '../../pixels/decodePhoto';
import { isReady, phaseOf, type Store } from '../state/store';
import { stepArgs } from './stepArgs';
import type { TextLookup } from './textLookup';
import { untilTrue } from '../state/untilTrue';

interface Services {
  readonly decoder: DecoderBridge;
  readonly decodeWhole?: ((file: Blob) => Promise<ImageBitmap>) | undefined;
}

export class Sharpening {
  readonly #store: Store;
  readonly #services: Services;
  readonly #texts: TextLookup;
  readonly #onSharp: () => void;
  /** Whose photo the worker has; null: nobody knows. */
  #shown: ImageId | null = null;
  /** Photos that were shown in vain, not to be tried ahead again. */
  readonly #unreadable = new Set<Blob>();
  #running: { readonly step: string | null; readonly abort: AbortController } | null = null;

  /** `onSharp` hears of each mask that is final: what is painted waits for it. */
  constructor(store: Store, services: Services, texts: TextLookup, onSharp: () => void) {
    this.#store = store;
    this.#services = services;
    this.#texts = texts;
    this.#onSharp = onSharp;
    effect(() => {
      const { session, photos, decoder, failedSteps } = store;
      const wanted = coarseMasks(session.value, failedSteps.value);
      const [{ phase }] = [decoder.value, photos.value, store.parts.value];
      untracked(() => {
        // A worker that is loaded again was shown nothing.
        if (phase !== 'ready') this.#shown = null;
        this.#dropOthers(wanted);
        if (phase !== 'loading') void this.#run();
      });
    });
  }

  #dropOthers(wanted: readonly CoarseMask[]): void {
    const step = this.#running?.step ?? null;
    if (step !== null && !wanted.some((one) => one.step === step)) this.#running?.abort.abort();
  }

  async #run(): Promise<void> {
    if (this.#running !== null) return;
    const next = this.#next();
    const image = next?.imageId ?? this.#ahead();
    if (image === null) return;
    const abort = new AbortController();
    this.#running = { step: next?.step ?? null, abort };
    const wasShown = this.#shown === image;
    try {
      await this.#show(image);
      if (next !== null) await this.#sharpen(next, abort.signal);
    } catch (thrown) {
      const isOver = toClientError(thrown, 'decoder').kind === 'aborted';
      if (!isOver) this.#shown = null;
      // The worker may have let go of a photo; what it was shown just now would fail again.
      if (!isOver && !wasShown) this.#giveUp(image, next);
    } finally {
      this.#running = null;
    }
    void this.#run();
  }

  /** What can be sharpened now. Where nothing ever can, the coarse masks stand. */
  #next(): CoarseMask | null {
    const { session, photos, decoder, failedSteps } = this.#store;
    const all = coarseMasks(session.value, failedSteps.value);
    const { value: loaded } = decoder;
    const isHere = loaded.phase === 'ready' && loaded.info.provider !== SERVER_PROVIDER;
    const canBe = ({ imageId, embedded }: CoarseMask): boolean =>
      isHere && photos.value.has(imageId) && phaseOf(this.#store, embedded.id) !== 'failed';
    for (const one of all) if (!canBe(one)) this.#record(one, null);
    return all.find((one) => canBe(one) && isWhole(one) && isReady(this.#store, one.embedded.id)) ?? null;
  }

  /** The photo on screen, where the worker does not have it yet: the first click is then as fast as the others. */
  #ahead(): ImageId | null {
    const { activeImage, activePhoto, decoder } = this.#store;
    const open = activePhoto.value;
    const id = activeImage.value?.id ?? null;
    if (decoder.value.phase !== 'ready' || decoder.value.info.provider === SERVER_PROVIDER) return null;
    const isWanted = open?.readiness.phase === 'ready' && !this.#unreadable.has(open.photo.file);
    return decoder.value.info.followsPhoto === true && isWanted && id !== this.#shown ? id : null;
  }

  /** The coarse mask stands. */
  #giveUp(image: ImageId, coarse: CoarseMask | null): void {
    if (coarse !== null) this.#record(coarse, null);
    const file = this.#store.photos.value.get(image)?.photo.file;
    if (file !== undefined) this.#unreadable.add(file);
  }

  async #show(imageId: ImageId): Promise<void> {
    const file = this.#store.photos.value.get(imageId)?.photo.file;
    if (this.#shown === imageId || file === undefined) return;
    const { decoder, decodeWhole: read = decodeWhole } = this.#services;
    const bitmap = await read(file);
    await decoder.call('photo', { imageId, bitmap }, { transfer: [bitmap] });
    this.#shown = imageId;
  }

  async #sharpen(coarse: CoarseMask, signal: AbortSignal): Promise<void> {
    const { imageId: photo, embedded, prompts, result } = coarse;
    const args = stepArgs(this.#store, this.#texts, { embedded, prompts, previous: null });
    if (args === null || result.maskLogits === null) {
      this.#record(coarse, null);
      return;
    }
    const { points, strokes = [] } = args;
    const asked = { imageId: embedded.id, photo, points, strokes, maskLogits: result.maskLogits };
    const { mask } = await this.#services.decoder.call('sharpen', asked, { signal });
    this.#record(coarse, mask);
  }

  #record(coarse: CoarseMask, mask: Parameters<typeof recordSharp>[2]): void {
    const { session } = this.#store;
    const before = session.value;
    session.value = recordSharp(before, coarse, mask);
    if (session.value !== before) this.#onSharp();
  }
}

/** Whether it has what the edges follow from; one that was kept gets it first. */
const isWhole = ({ result }: CoarseMask): boolean => result.kept === undefined;

/** Settles once no mask that can be sharp is coarse; exports wait for it. */
export async function untilSharp({
  session,
  failedSteps,
}: Pick<Store, 'session' | 'failedSteps'>): Promise<void> {
  await untilTrue(() => coarseMasks(session.value, failedSteps.value).length === 0);
}
