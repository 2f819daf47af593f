/** Whether the server is there: told while it is not, and what waited for it goes on once it is back. */
import { effect, untracked } from '@preact/signals';
import { GONE_STATUSES, isServerGone, type ClientError } from '../../shared/errors';
import type { Controller } from '../controller';
import type { Store } from '../state/store';

/** Milliseconds until the server is looked for again: the first time, and at most. */
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 30_000;
/** Milliseconds after which a server that says nothing is taken for gone. */
const PATIENCE = 5000;

interface Parts {
  readonly store: Store;
  readonly controller: Controller;
}

/** Any answer of its own says that the server is there. */
async function isServerThere(): Promise<boolean> {
  try {
    const address = new URL('healthz', document.baseURI);
    const { status } = await fetch(address, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    return !GONE_STATUSES.includes(status);
  } catch {
    return false;
  }
}

/** Look for the server when something fails for want of it, until it is back. */
export class Connection {
  readonly #parts: Parts;
  readonly #isThere: () => Promise<boolean>;
  #wait = FIRST_WAIT;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isLooking = false;
  /** What the server was looked for already. */
  readonly #seen = new WeakSet<ClientError>();

  constructor(parts: Parts, isThere = isServerThere) {
    this.#parts = parts;
    this.#isThere = isThere;
  }

  start(): void {
    window.addEventListener('offline', () => void this.look());
    window.addEventListener('online', () => void this.look());
    // A page that was kept may have come without a server.
    if ((navigator as Partial<Navigator>).serviceWorker?.controller != null) void this.look();
    effect(() => {
      const fresh = troubles(this.#parts.store).filter(
        (error) => isServerGone(error) && !this.#seen.has(error),
      );
      for (const error of fresh) this.#seen.add(error);
      if (fresh.length > 0) untracked(() => void this.look());
    });
  }

  /** Look at once. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const { store } = this.#parts;
    const isThere = await this.#isThere();
    const wasOffline = store.isOffline.value;
    store.isOffline.value = !isThere;
    this.#isLooking = false;
    if (isThere) {
      this.#wait = FIRST_WAIT;
      if (wasOffline) goOn(this.#parts);
      return;
    }
    this.#timer = setTimeout(() => void this.look(), this.#wait);
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT);
  }
}

function troubles({ photos, parts, decoder, failedSteps }: Store): readonly ClientError[] {
  const readinesses = [...[...photos.value.values()].map((open) => open.readiness), ...parts.value.values()];
  const ofPhotos = readinesses.flatMap((readiness) => {
    if (readiness.phase === 'failed') return [readiness.error];
    const isRetried = readiness.phase === 'embedding' && readiness.progress.phase === 'retry';
    return isRetried ? [readiness.progress.reason] : [];
  });
  const ofDecoder = decoder.value.phase === 'failed' ? [decoder.value.error] : [];
  return [...ofPhotos, ...ofDecoder, ...failedSteps.value.values()];
}

/** Try again what failed. */
function goOn({ store, controller }: Parts): void {
  if (store.decoder.value.phase === 'failed') controller.start();
  for (const [id, { readiness }] of store.photos.value)
    if (readiness.phase === 'failed' && isServerGone(readiness.error)) controller.retry(id);
  controller.retryParts();
  controller.retryPrompts();
}
