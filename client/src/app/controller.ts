/** Joins user, session, server and decoder: every action of the page is a method here. */
import { untracked } from '@preact/signals';
import type { Embed } from '../api/embeddings';
import type { Texts } from '../api/texts';
import type { Loaded } from '../api/wait';
import type { DecoderBridge } from '../bridge/decoder';
import type { AwaitedImage, PhotoIdentity } from '../session/matching';
import { setClassList } from '../session/classes';
import { forgetOtherModels, wake, withKept } from '../session/kept';
import { lockedActive } from '../session/marks';
import { classListOf } from '../session/project';
import {
  activeImageOf,
  activeObjectOf,
  imageOf,
  type ClassList,
  type ImageId,
  type ImageState,
  type ObjectId,
  type PendingStep,
  type Session,
} from '../session/state';
import * as change from '../session/transitions';
import { toClientError, type ClientError } from '../shared/errors';
import type { MapsWish } from '../shared/model/maps';
import type { ProviderWish } from '../shared/model/providers';
import type { StepArgs } from '../shared/messages';
import type { Project, PromptItem } from '../shared/types';
import { ClassNames } from './state/classNames';
import { followCanvases } from './steps/canvases';
import { DecodeLoop } from './steps/decodeLoop';
import { Parts } from './steps/parts';
import { BEGUN, PhotoEmbedding } from './steps/photoEmbedding';
import { Preview } from './steps/preview';
import { Sharpening } from './steps/sharpening';
import { isVideo } from './photos/isVideo';
import { Remarks } from './photos/remarks';
import type { OpenedFile, Photo, ReadOptions } from './photos/photo';
import { embeddedHere, type Store } from './state/store';
import { Projects } from './state/projects';
import { saidWhileReading } from './state/reading';
import { stepArgs } from './steps/stepArgs';
import { TextLookup } from './steps/textLookup';
import * as say from './wording/page';

export interface Services {
  readonly embed: Embed;
  readonly texts: Texts;
  readonly decoder: DecoderBridge;
  readonly readFile: (file: File, options: ReadOptions) => Promise<OpenedFile>;
  /** Read a photo again that was closed, with its pixels or without. */
  readonly reopen: (photo: Photo, decodes?: boolean) => Promise<Photo>;
  /** All pixels of the file of a photo; the browser's when absent. */
  readonly decodeWhole?: (file: Blob) => Promise<ImageBitmap>;
  readonly modelUrl: string;
  /** Threads the user wants for the decoder, or null. */
  readonly threads: number | null;
  readonly provider?: ProviderWish;
  /** What `embed` asks of the server, or null. */
  readonly maps?: MapsWish | null;
  /** Longest wait without a sign of life, milliseconds; the usual ones when absent. */
  readonly patience?: number | undefined;
  readonly now: () => number;
}

/** Of an image: the answers that were kept through a reload, by step. */
export type KeptOf = (image: ImageState) => Session['results'];

export class Controller {
  readonly #store: Store;
  readonly #services: Services;
  readonly #texts: TextLookup;
  readonly #decoding: DecodeLoop;
  readonly #embedding: PhotoEmbedding;
  readonly #parts: Parts;
  readonly #classNames: ClassNames;
  readonly #projects: Projects;
  /** Photos that undo brings back; without their pixels. */
  readonly #closed = new Map<ImageId, Photo>();
  /** Settles when the decoder is ready or cannot be. */
  #loaded: Promise<void> = Promise.resolve();

  constructor(store: Store, services: Services) {
    this.#store = store;
    this.#services = services;
    const onError = (error: ClientError): void => this.#fail(error);
    const onArrival = (): void => this.#decoding.run();
    this.#texts = new TextLookup(store, services, { onArrival, onError });
    this.#projects = new Projects(store, services.now);
    this.#classNames = new ClassNames(store, services.texts, onError);
    this.#embedding = new PhotoEmbedding(store, services, {
      loaded: () => this.#loaded,
      ...{ onArrival, onError },
      // A photo may be known by its key; prompts that come so are answered with the others.
      onSettled: () => {
        this.#projects.restore();
        this.#answer();
      },
    });
    this.#decoding = new DecodeLoop(store, services, this.#texts, {
      onError,
      onGone: ({ image, id, part }) =>
        part === null ? this.#embedding.sendAgain(image, true) : this.#parts.sendAgain(id),
    });
    this.#parts = new Parts(store, services, { onArrival, onError });
    new Preview(store, services.decoder, this.#texts, (object) => untracked(() => this.wake(object)));
    followCanvases(store, (image) => this.#embedding.sendAgain(image));
    new Sharpening(store, services, this.#texts, onArrival);
    services.decoder.onLost?.(() => this.#revive());
  }

  /** Load the decoder; it takes about as long as the first photo needs on the server. */
  start(): void {
    const loaded = this.#load();
    this.#loaded = loaded;
    loaded.catch((thrown: unknown) => {
      if (this.#loaded !== loaded) return;
      const error = toClientError(thrown, 'decoder');
      this.#store.decoder.value = { phase: 'failed', error };
      this.#fail(error);
    });
  }

  /** Open photos and projects, in the order given; the first photo is shown. */
  async openFiles(files: readonly File[]): Promise<void> {
    let shows = true;
    const remarks = new Remarks();
    const { videos } = this.#store;
    videos.value = [...videos.value, ...files.filter(isVideo)];
    for (const file of files) {
      if (isVideo(file)) continue;
      try {
        const photos = this.#store.session.value.images;
        const options = { decodes: shows, photos };
        const read = (): Promise<OpenedFile> => this.#services.readFile(file, options);
        const opened = await saidWhileReading(this.#store, file.name, read);
        if (opened.kind === 'photo') {
          this.openPhoto(opened.photo, shows);
          shows = false;
        } else {
          this.openProject(opened.project);
          remarks.add(file.name, opened.remark);
        }
      } catch (thrown) {
        this.#fail(toClientError(thrown, 'image'));
      }
    }
    this.#store.notice.value ??= remarks.text;
  }

  /** Args: keptOf: answers that are known of the objects that the photo is given. */
  openPhoto(photo: Photo, shows = true, keptOf: KeptOf = () => new Map()): void {
    const { session, photos } = this.#store;
    this.#clearMessages();
    const before = session.value.activeImage;
    const opened = change.openImage(session.value, photo.name, photo.size, this.#store.nextCanvas.value);
    session.value = shows || before === null ? opened : change.activateImage(opened, before);
    const id = opened.activeImage;
    if (id === null) return;
    photos.value = new Map(photos.value).set(id, { photo, readiness: BEGUN });
    this.#sayShrunk(photo);
    this.#projects.restore();
    this.#takeKept(id, keptOf);
    this.#store.awaitedOpen.value = true;
    this.#texts.run();
    this.#embedding.add(id, photo);
  }

  #takeKept(id: ImageId, keptOf: KeptOf): void {
    const { session, decoder } = this.#store;
    const image = imageOf(session.value, id);
    const model = decoder.value.phase === 'ready' ? decoder.value.info.fingerprint : null;
    if (image !== null) session.value = withKept(session.value, keptOf(image), model);
  }

  openProject(project: Project): void {
    this.#clearMessages();
    this.#store.awaitedOpen.value = true;
    this.#projects.open(project);
    const classes = classListOf(project);
    if (classes !== null) this.change((session) => setClassList(session, classes, 'restore class names'));
    this.#answer();
  }

  /** Continue with what was opened just now as if it had never been closed. */
  continueAt(object: string | null): void {
    this.change((session) => {
      const isThere = activeImageOf(session)?.document.objects.some(({ id }) => id === object) === true;
      return change.settle(isThere && object !== null ? change.selectObject(session, object) : session);
    });
  }

  #sayShrunk({ name, size, shrunkFrom }: Photo): void {
    if (shrunkFrom === undefined) return;
    const [was, is] = [shrunkFrom, size].map(({ width, height }) => `${width} x ${height}`);
    this.#store.notice.value = say.shrunk(name, String(was), String(is));
  }

  /** Try the embedding of an image again. */
  retry(id: ImageId): void {
    const photo = this.#store.photos.value.get(id)?.photo;
    if (photo === undefined) return;
    this.#clearMessages();
    this.#store.failedSteps.value = new Map();
    this.#parts.retry();
    if (this.#store.decoder.value.phase === 'failed') this.start();
    this.#embedding.add(id, photo);
    // What was left out on other photos is tried again too, and does not wait for this one.
    this.#answer();
  }

  /** Stop waiting for the embedding of an image; it can be tried again. */
  cancelEmbedding(id: ImageId): void {
    this.#embedding.cancel(id);
  }

  /** Try the parts of photos again that could not be embedded. */
  retryParts(): void {
    this.#parts.retry();
  }

  /** Stop waiting for a part of a photo; it can be tried again. */
  cancelPart(id: string): void {
    this.#parts.cancel(id);
  }

  /** Close a photo; undo brings it back. */
  closeImage(id: ImageId): void {
    this.change((session) => change.closeImage(session, id));
  }

  activateImage(id: ImageId): void {
    this.change((session) => change.activateImage(session, id));
  }

  give(prompt: PromptItem): void {
    this.#retryAllButTexts();
    if (lockedActive(this.#store.session.value) !== null) {
      this.notify(say.selectedIsLocked);
      return;
    }
    const here = embeddedHere(this.#store)?.part ?? null;
    this.change((session) =>
      change.addPrompt(session, prompt, this.#services.now(), this.#store.nextLabel.value, here),
    );
  }

  /** Give a text as a prompt; blanks around and between the words do not matter. */
  giveText(words: string): void {
    const text = words
      .replace(/\p{Surrogate}/gu, '')
      .trim()
      .replace(/\s+/g, ' ');
    if (text !== '') this.give({ kind: 'text', text });
  }

  removePrompt(object: string, step: string): void {
    this.change((session) => change.removePrompt(session, object, step));
  }

  /** Of the active object. */
  removeLastPrompt(): void {
    const image = this.#store.activeImage.value;
    const object = image && activeObjectOf(image);
    const step = object?.steps.at(-1);
    if (object && step) this.removePrompt(object.id, step.id);
  }

  /** Try the prompts again that failed. */
  retryPrompts(): void {
    this.#store.failedSteps.value = new Map();
    this.change((session) => session);
  }

  /** A text will be given soon. */
  expectText(): void {
    this.#texts.prefetch();
  }

  undo(): void {
    this.change(change.undo);
  }

  redo(): void {
    const before = this.#store.session.value;
    this.change(change.redo);
    this.#projects.followRedo(before);
  }

  clear(): void {
    this.change(change.clearImage);
  }

  newObject(): void {
    this.change((session) => change.newObject(session, this.#store.nextLabel.value));
  }

  deleteObject(id: string): void {
    this.change((session) => change.deleteObject(session, id));
  }

  selectObject(id: string): void {
    this.change((session) => change.selectObject(session, id));
  }

  relabel(id: string, label: string): void {
    this.change((session) => change.relabel(session, id, label));
  }

  toggleVisible(id: string): void {
    this.change((session) => change.toggleVisible(session, id));
  }

  /** Have this class list. A list that could not be looked up is tried again. */
  useClasses(list: ClassList): void {
    const before = this.#store.session.value;
    this.change((session) => setClassList(session, list, 'class names'));
    if (this.#store.session.value === before) void this.#classNames.lookUp();
  }

  /** Open photos that a saved image may be. */
  candidates(image: AwaitedImage): readonly PhotoIdentity[] {
    return this.#projects.candidates(image);
  }

  /** Give a saved image to the photo that the user says it is. */
  assignAwaited(image: AwaitedImage, photo: ImageId): void {
    this.#clearMessages();
    this.#projects.assign(image, photo);
    this.#answer();
  }

  forgetAwaited(): void {
    this.#store.awaited.value = [];
  }

  report(error: ClientError): void {
    this.#fail(error);
  }

  notify(notice: string): void {
    this.#clearMessages();
    this.#store.notice.value = notice;
  }

  /** Have an object that was kept answered again, for the prompts to come. */
  wake(object: ObjectId): void {
    const { session } = this.#store;
    session.value = wake(session.value, object);
    this.#decoding.run();
  }

  /** What of a prompt the decoder is told; null while it cannot be. */
  argsOf(pending: PendingStep): StepArgs | null {
    return stepArgs(this.#store, this.#texts, pending);
  }

  /** What the server refused once it is not asked with every click. */
  #retryAllButTexts(): void {
    const { failedSteps, session } = this.#store;
    const objects = session.value.images.flatMap(({ document }) => document.objects);
    const steps = objects.flatMap((object) => object.steps);
    const texts = new Set(steps.filter(({ prompt }) => prompt.kind === 'text').map(({ id }) => id));
    failedSteps.value = new Map([...failedSteps.value].filter(([id]) => texts.has(id)));
  }

  /** Take the session on to another, and answer what is new in it. */
  change(edit: (session: Session) => Session): void {
    this.#clearMessages();
    this.#store.session.value = edit(this.#store.session.value);
    this.#followClosing();
    this.#decoding.cancelUndone();
    this.#answer();
  }

  #answer(): void {
    this.#texts.run();
    this.#decoding.run();
  }

  async #load(): Promise<void> {
    const { decoder, session } = this.#store;
    decoder.value = { phase: 'loading' };
    this.#store.textGraphs.value = 'absent';
    const { modelUrl, threads, provider = 'wasm', maps, patience } = this.#services;
    const wishes = { threads, provider, ...(maps && { maps }), ...(patience && { patience }) };
    const onProgress = (loaded: Loaded): void => {
      if (decoder.value.phase === 'loading') decoder.value = { phase: 'loading', loaded };
    };
    const info = await this.#services.decoder.call('load', { modelUrl, ...wishes }, { onProgress });
    this.#store.vocabulary.value = info.vocabulary;
    session.value = forgetOtherModels(session.value, info.fingerprint);
    decoder.value = { phase: 'ready', info };
    this.#texts.run();
  }

  // Closing and its undoing

  /** Let go of the pixels of photos that the session has closed, and get back those it has again. */
  #followClosing(): void {
    const { session, photos } = this.#store;
    const isOpen = new Set(session.value.images.map(({ id }) => id));
    for (const [id, { photo }] of photos.value) if (!isOpen.has(id)) this.#letGo(id, photo);
    for (const [id, photo] of this.#closed) {
      if (isOpen.has(id)) void this.#reopen(id, photo);
      else if (!session.value.closed.some(({ image }) => image.id === id)) this.#forget(id);
    }
  }

  #forget(id: ImageId): void {
    this.#closed.delete(id);
    this.#embedding.forget(id);
  }

  #letGo(id: ImageId, photo: Photo): void {
    const { photos } = this.#store;
    this.#embedding.stop(id);
    photo.bitmap?.close();
    this.#closed.set(id, photo);
    photos.value = new Map([...photos.value].filter(([key]) => key !== id));
    void this.#services.decoder.call('close', { imageId: id }).catch(() => undefined);
  }

  async #reopen(id: ImageId, closed: Photo): Promise<void> {
    const { session, photos } = this.#store;
    this.#closed.delete(id);
    try {
      const photo = await saidWhileReading(this.#store, closed.name, () => this.#services.reopen(closed));
      photos.value = new Map(photos.value).set(id, { photo, readiness: BEGUN });
      // It may have been closed again meanwhile.
      this.#followClosing();
      if (session.value.images.some((image) => image.id === id)) this.#embedding.add(id, photo);
    } catch (thrown) {
      this.#closed.set(id, closed);
      this.#fail(toClientError(thrown, 'image'));
    }
  }

  /** The worker was lost, with all images that it held: load another and give it those. */
  #revive(): void {
    this.start();
    this.#embedding.openAgain();
  }

  #fail(error: ClientError): void {
    if (error.kind === 'aborted') return;
    this.#store.notice.value = null;
    this.#store.error.value = error;
  }

  #clearMessages(): void {
    this.#store.error.value = null;
    this.#store.notice.value = null;
  }
}
