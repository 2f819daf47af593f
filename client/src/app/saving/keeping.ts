/** Keeps the work of this tab, and offers what closed, crashed and reloaded tabs have left. */
import { computed, effect } from '@preact/signals';
import { projectFromJson } from '../../codec/unpack';
import { toClientError, unwrap } from '../../shared/errors';
import type { Controller } from '../controller';
import type { Photo } from '../photos/photo';
import { summaryOf, type KeptPhoto, type KeptWork } from '../state/kept';
import type { Store } from '../state/store';
import { Autosave, troubleOf } from './autosave';
import type { Works } from './database';
import { holdWork, openWorkIds } from './locks';

interface Parts {
  readonly store: Store;
  readonly controller: Controller;
  readonly openWorks: () => Promise<Works>;
  /** Decode a photo that was kept. */
  readonly reopen: (photo: Photo) => Promise<Photo>;
}

interface Open {
  readonly works: Works;
  readonly autosave: Autosave;
}

/** The lock of a page that was just left may live a little longer. */
const SECOND_LOOK = 1500;

export class Keeping {
  readonly #parts: Parts;
  /** Of this tab's own work. */
  readonly #id: string;
  #open: Open | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#id = parts.store.session.value.origin;
  }

  /** Keep every change from now on. */
  async start(): Promise<void> {
    const { store, openWorks } = this.#parts;
    try {
      const works = await openWorks();
      const autosave = new Autosave(store, works, this.#id, () => Date.now());
      this.#open = { works, autosave };
    } catch (thrown) {
      store.saved.value = { phase: 'failed', error: troubleOf(thrown, 'storage-missing') };
      return;
    }
    holdWork(this.#id);
    this.#open.autosave.start();
    const isEmpty = computed(() => store.session.value.images.length === 0);
    effect(() => {
      if (isEmpty.value) void this.#refresh();
    });
    setTimeout(() => void this.#refresh(), SECOND_LOOK);
  }

  /** Open what was left, here; it then is this tab's. */
  async continue(work: KeptWork): Promise<void> {
    const { store, controller } = this.#parts;
    if (this.#open === null) return;
    const { works, autosave } = this.#open;
    withdraw(store, work);
    try {
      controller.openProject(unwrap(projectFromJson(JSON.parse(work.project))));
      store.awaitedOpen.value = false;
      for (const photo of work.photos) await this.#openPhoto(works, work, photo);
      controller.continueAt(work.shown.object);
      if (store.error.value === null) controller.notify(`Continued: ${summaryOf(work)}`);
      await autosave.settled();
      // Where the browser does not tell, another tab may still be at it.
      const isLeft = (await openWorkIds())?.has(work.id) === false;
      if (isLeft && store.saved.value.phase === 'saved') await works.delete(work.id);
    } catch (thrown) {
      controller.report(toClientError(thrown, 'decoder'));
    }
    store.awaitedOpen.value = true;
  }

  async delete(work: KeptWork): Promise<void> {
    withdraw(this.#parts.store, work);
    await this.#open?.works.delete(work.id);
  }

  /** Look what other tabs have left. */
  async #refresh(): Promise<void> {
    if (this.#open === null) return;
    const [works, open] = [await this.#open.works.list(), await openWorkIds()];
    this.#parts.store.kept.value = works.filter(({ id }) => id !== this.#id && open?.has(id) !== true);
  }

  /** A photo that cannot be read any more is waited for, like those of any project. */
  async #openPhoto(works: Works, work: KeptWork, { image, name, digest }: KeptPhoto): Promise<void> {
    const { controller, reopen } = this.#parts;
    const file = await works.file(work.id, image);
    if (file === null) return;
    try {
      const size = { height: 0, width: 0 };
      const photo = await reopen({ name, file, size, bitmap: null, ...(digest !== null && { digest }) });
      controller.openPhoto(photo, image === work.shown.image);
    } catch (thrown) {
      controller.report(toClientError(thrown, 'image'));
    }
  }
}

function withdraw({ kept }: Store, work: KeptWork): void {
  kept.value = kept.value.filter(({ id }) => id !== work.id);
}
