/** What keeps work, fetched when there may be some: the first mask of somebody who has just come does not wait for it. */
import type { KeptWork } from '../state/kept';
import { untilTrue } from '../state/untilTrue';
import type { Keeping, KeepingParts } from './keeping';
import { wasHere } from './locks';

export class LaterKeeping {
  readonly #parts: KeepingParts;
  #keeping: Keeping | null = null;

  constructor(parts: KeepingParts) {
    this.#parts = parts;
  }

  /** Keep every change, from when the decoder is there, or at once where something may have been kept. */
  async start(): Promise<void> {
    const { store } = this.#parts;
    if (!wasHere()) await untilTrue(() => store.decoder.value.phase !== 'loading');
    try {
      this.#keeping = new (await import('./keeping')).Keeping(this.#parts);
    } catch (error) {
      const message = String(error);
      store.saved.value = { phase: 'failed', error: { kind: 'project', what: 'storage-failed', message } };
    }
    await this.#keeping?.start();
  }

  /** Open what was left, here; it then is this tab's. */
  continue(work: KeptWork): void {
    void this.#keeping?.continue(work);
  }

  delete(work: KeptWork): void {
    void this.#keeping?.delete(work);
  }
}
