/** Keeps the work of this tab, and offers what closed, crashed and reloaded tabs have left. */
import { computed, effect } from '@preact/signals';
import { projectFromJson } from '../../codec/unpack';
import { toClientError, unwrap } from '../../shared/errors';
import type { Controller } from '../controller';
import type { Photo } from '../photos/photo';
import { summaryOf, type KeptPhoto, type KeptWork } from '../state/kept';
import { saidWhileReading } from '../state/reading';
import type { Store } from '../state/store';
import { AnswerKeeping } from './answerKeeping';
import { Autosave, troubleOf } from './autosave';
import type { Works } from './database';
import { resultsIn } from './keptAnswers';
import { holdWork, nameOfTab, nameTab, openWorkIds } from './locks';
import * as say from '../wording/page';

export interface KeepingParts {
  readonly store: Store;
  readonly controller: Controller;
  readonly openWorks: () => Promise<Works>;
  /** Decode a photo that was kept. */
  readonly reopen: (photo: Photo, decodes: boolean) => Promise<Photo>;
}

interface Open {
  readonly works: Works;
  readonly autosave: Autosave;
  readonly answers: AnswerKeeping | null;
}

/** The lock of a page that was just left may live a little longer, milliseconds. */
const LOCK_LIVES = 1500;

export class Keeping {
  readonly #parts: KeepingParts;
  /** Of this tab's own work. */
  readonly #id: string;
  #open: Open | null = null;

  constructor(parts: KeepingParts) {
    this.#parts = parts;
    this.#id = parts.store.session.value.origin;
  }

  /** Keep every change from now on. */
  async start(): Promise<void> {
    const { store, openWorks } = this.#parts;
    try {
      const works = await openWorks();
      works.onFull(() => (store.needsServer.value = true));
      const autosave = new Autosave(store, works, this.#id, () => Date.now());
      const answers = works.answers && new AnswerKeeping(store, works.answers);
      this.#open = { works, autosave, answers };
    } catch (thrown) {
      store.saved.value = { phase: 'failed', error: troubleOf(thrown, 'storage-missing') };
      return;
    }
    holdWork(this.#id);
    this.#open.autosave.start();
    this.#open.answers?.start();
    await this.#continueAfterReload();
    nameTab(this.#id);
    const isEmpty = computed(() => store.session.value.images.length === 0);
    effect(() => {
      if (isEmpty.value) void this.#refresh();
    });
    setTimeout(() => void this.#refresh(), LOCK_LIVES);
  }

  /** The work of this tab before it was reloaded; that of a tab that this one is a copy of stays where it is. */
  async #continueAfterReload(): Promise<void> {
    const before = nameOfTab();
    const work = (await this.#open?.works.list())?.find(({ id }) => id === before);
    if (work === undefined) return;
    const end = Date.now() + LOCK_LIVES;
    while ((await openWorkIds())?.has(work.id) === true) {
      if (Date.now() > end) return;
      await new Promise((resolve) => setTimeout(resolve, LOCK_LIVES / 20));
    }
    await this.#take(work, (open) => open?.has(work.id) !== true);
  }

  /** Open what was left, here; it then is this tab's. */
  continue(work: KeptWork): Promise<void> {
    // Where the browser does not tell what is open, another tab may still be at it.
    return this.#take(work, (open) => open?.has(work.id) === false);
  }

  /** Args: isLeft: whether no other tab has it, by the works that are open. */
  async #take(work: KeptWork, isLeft: (open: ReadonlySet<string> | null) => boolean): Promise<void> {
    const { store, controller } = this.#parts;
    if (this.#open === null) return;
    const { works, autosave } = this.#open;
    withdraw(store, work);
    try {
      controller.openProject(unwrap(projectFromJson(JSON.parse(work.project))));
      store.awaitedOpen.value = false;
      for (const photo of work.photos) await this.#openPhoto(this.#open, work, photo);
      controller.continueAt(work.shown.object);
      if (store.error.value === null) controller.notify(say.continued(summaryOf(work)));
      await autosave.settled();
      if (store.saved.value.phase === 'saved' && isLeft(await openWorkIds())) await works.delete(work.id);
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
  async #openPhoto(
    { works, answers }: Open,
    work: KeptWork,
    { image, name, digest }: KeptPhoto,
  ): Promise<void> {
    const { store, controller, reopen } = this.#parts;
    const file = await works.file(work.id, image);
    if (file === null) return;
    try {
      const size = { height: 0, width: 0 };
      const isShown = image === work.shown.image;
      const kept = { name, file, size, bitmap: null, ...(digest !== null && { digest }) };
      const photo = await saidWhileReading(store, name, () => reopen(kept, isShown));
      const answered = await answersOn(works, digest);
      controller.openPhoto(photo, isShown, (opened) => {
        const results = resultsIn(opened, answered);
        answers?.know(opened, digest ?? '', results);
        return results;
      });
    } catch (thrown) {
      controller.report(toClientError(thrown, 'image'));
    }
  }
}

/** None where they cannot be read. */
async function answersOn({ answers }: Works, digest: string | null): Promise<readonly unknown[]> {
  if (answers === null || digest === null) return [];
  return answers.ofPhoto(digest).catch(() => []);
}

function withdraw({ kept }: Store, work: KeptWork): void {
  kept.value = kept.value.filter(({ id }) => id !== work.id);
}
