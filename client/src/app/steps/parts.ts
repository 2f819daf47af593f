/**
 * Embeds parts of photos by themselves, in full detail: the one in sight that the user wants, and those on which prompts
 * wait to be answered. One at a time; what nobody needs any more the decoder lets go of, but for the last few.
 */
import { effect, untracked } from '@preact/signals';
import type { Embed } from '../../api/embeddings';
import type { DecoderBridge } from '../../bridge/decoder';
import { coarseMasks } from '../../session/sharpening';
import { activeObjectOf, embeddedOf, imageOf, pendingSteps, type Embedded } from '../../session/state';
import { aborted, toClientError, type ClientError } from '../../shared/errors';
import { checkSize } from '../../pixels/decodePhoto';
import type { Photo } from '../photos/photo';
import { embeddedHere, phaseOf, type Readiness, type Store } from '../state/store';

interface Services {
  readonly embed: Embed;
  readonly decoder: DecoderBridge;
}

interface Events {
  /** Steps may be possible now that were not before. */
  readonly onArrival: () => void;
  readonly onError: (error: ClientError) => void;
}

/** Parts that nobody needs just now, and that are kept all the same. */
const MOST_SPARE = 3;

/** The part in sight first, then that of the selected object, then those that prompts wait for. */
export function wantedParts(store: Store): readonly Embedded[] {
  const { session, failedSteps, activeImage } = store;
  const photos = store.photos.value;
  const image = activeImage.value;
  const active = image && activeObjectOf(image);
  const waiting = pendingSteps(session.value, () => true, failedSteps.value);
  const coarse = coarseMasks(session.value, failedSteps.value);
  const all = [
    embeddedHere(store),
    image && active && embeddedOf(image, active.part ?? null),
    ...[...waiting, ...coarse].map(({ embedded }) => embedded),
  ];
  const parts = all.flatMap((one) => (one?.part != null && photos.has(one.image) ? [one] : []));
  return [...new Map(parts.map((one) => [one.id, one])).values()];
}

export class Parts {
  readonly #store: Store;
  readonly #services: Services;
  readonly #events: Events;
  /** What the server, which decodes, has lost: what is kept here does not help it. */
  readonly #lost = new Set<string>();
  /** What the decoder has, as it came, for one that has to begin again; the one wanted last is last. */
  readonly #held = new Map<string, { readonly embedded: Embedded; readonly bytes: Blob }>();
  #running: { readonly id: string; readonly abort: AbortController } | null = null;

  constructor(store: Store, services: Services, events: Events) {
    this.#store = store;
    this.#services = services;
    this.#events = events;
    effect(() => {
      const wanted = wantedParts(store);
      const { phase } = store.decoder.value;
      untracked(() => {
        // A worker that is loaded again has none.
        if (phase !== 'ready') store.parts.value = new Map();
        this.#follow(wanted);
      });
    });
  }

  /** Try those again that failed. */
  retry(): void {
    const { parts } = this.#store;
    parts.value = new Map([...parts.value].filter(([, { phase }]) => phase !== 'failed'));
    this.#follow(wantedParts(this.#store));
  }

  /** Stop waiting for a part; it can be tried again. */
  cancel(id: string): void {
    if (this.#running?.id === id) this.#running.abort.abort();
    this.#set(id, { phase: 'failed', error: aborted() });
  }

  /** The server, which decodes, has lost it. */
  sendAgain(id: string): void {
    this.#held.delete(id);
    this.#lost.add(id);
    this.#set(id, null);
    this.#follow(wantedParts(this.#store));
  }

  #follow(wanted: readonly Embedded[]): void {
    const ids = new Set(wanted.map(({ id }) => id));
    if (this.#running !== null && !ids.has(this.#running.id)) this.#running.abort.abort();
    this.#letGo(ids);
    const isLoaded = this.#store.decoder.value.phase === 'ready';
    const next = wanted.find(({ id }) => phaseOf(this.#store, id) === null);
    if (this.#running === null && isLoaded && next !== undefined) void this.#run(next);
  }

  /** Of those that are not wanted, all but the last few, and all of closed photos. */
  #letGo(wanted: ReadonlySet<string>): void {
    const { photos, parts } = this.#store;
    for (const id of wanted) {
      const held = this.#held.get(id);
      if (held !== undefined) this.#held.delete(id);
      if (held !== undefined) this.#held.set(id, held);
    }
    const spare = [...this.#held.values()]
      .map(({ embedded }) => embedded)
      .filter(({ id }) => !wanted.has(id));
    const gone = spare.filter(
      ({ image }, index) => index < spare.length - MOST_SPARE || !photos.value.has(image),
    );
    for (const { id } of gone) {
      this.#held.delete(id);
      this.#set(id, null);
      void this.#services.decoder.call('close', { imageId: id }).catch(() => undefined);
    }
    // What failed and is not wanted any more has nothing to say.
    for (const [id, { phase }] of parts.value) if (phase === 'failed' && !wanted.has(id)) this.#set(id, null);
  }

  async #run(embedded: Embedded): Promise<void> {
    const { id } = embedded;
    const abort = new AbortController();
    this.#running = { id, abort };
    try {
      await this.#open(embedded, abort.signal);
    } catch (thrown) {
      this.#failed(embedded, toClientError(thrown, 'network'));
    } finally {
      this.#running = null;
    }
    this.#events.onArrival();
    this.#follow(wantedParts(this.#store));
  }

  /** What is kept may be of another model, or damaged: then it is fetched. */
  async #open(
    embedded: Embedded,
    signal: AbortSignal,
    isFresh = this.#lost.delete(embedded.id),
  ): Promise<void> {
    const { id, image } = embedded;
    const photo = this.#store.photos.value.get(image)?.photo;
    if (photo === undefined) return;
    const source = { isFresh, isKept: false };
    const bytes = this.#held.get(id)?.bytes ?? new Blob([await this.#fetch(embedded, photo, source, signal)]);
    signal.throwIfAborted();
    this.#set(id, { phase: 'preparing' });
    const buffer = await bytes.arrayBuffer();
    const opening = this.#services.decoder.call(
      'open',
      { imageId: id, bytes: buffer, source: bytes },
      { signal, transfer: [buffer] },
    );
    this.#set(id, { phase: 'opening' });
    this.#events.onArrival();
    const opened = await opening.catch((error: unknown) => {
      if (!source.isKept || toClientError(error, 'decoder').kind === 'decoder' || signal.aborted) throw error;
      return null;
    });
    if (opened === null) return this.#open(embedded, signal, true);
    const { key, geometry } = opened;
    checkSize(photo.size, geometry.original_hw);
    this.#held.set(id, { embedded, bytes });
    this.#set(id, { phase: 'ready', key });
  }

  async #fetch(
    { id, image, part }: Embedded,
    { file, digest }: Photo,
    source: { readonly isFresh: boolean; isKept: boolean },
    signal: AbortSignal,
  ): Promise<ArrayBuffer> {
    this.#set(id, { phase: 'embedding', progress: { phase: 'upload', fraction: 0 } });
    const canvas = imageOf(this.#store.session.value, image)?.document.canvas ?? null;
    return this.#services.embed(file, {
      ...{ canvas, roi: part, signal, digest, isFresh: source.isFresh },
      onKept: () => (source.isKept = true),
      onProgress: (progress) => {
        if (!signal.aborted) this.#set(id, { phase: 'embedding', progress });
      },
    });
  }

  #failed({ id, image }: Embedded, error: ClientError): void {
    const { photos, parts } = this.#store;
    const isLost = error.what === 'worker-failed';
    if (error.kind === 'aborted' || isLost) {
      // One that was cancelled says so already.
      if (parts.value.get(id)?.phase !== 'failed') this.#set(id, null);
      return;
    }
    this.#set(id, { phase: 'failed', error });
    const name = photos.value.get(image)?.photo.name;
    this.#events.onError(name === undefined ? error : { about: name, ...error });
  }

  #set(id: string, readiness: Readiness | null): void {
    const { parts } = this.#store;
    const next = new Map([...parts.value].filter(([other]) => other !== id));
    if (readiness !== null) next.set(id, readiness);
    parts.value = next;
  }
}
