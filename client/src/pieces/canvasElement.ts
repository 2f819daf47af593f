/** `<splitseem-canvas server="https://…" src="photo.jpg">`: an image whose objects are marked on it. */
import { decodeWhole } from '../pixels/decodePhoto';
import { toClientError, type ClientError } from '../shared/errors';
import { sayFailure } from '../shared/failures';
import { CanvasView } from './canvasView';
import type { MarkedImage } from './connect';
import type { Found, MarkedObject } from './marking';
import type { PhotoSource } from './photoSource';
import { borrow } from './sharedServers';
import { STYLE } from './style';

/** What `mask` says: the object that is being marked, null when there is none any more, and all of them. */
export interface MaskDetail {
  readonly found: Found | null;
  readonly objects: readonly MarkedObject[];
}

export interface CanvasEvents {
  ready: CustomEvent<{ readonly image: MarkedImage }>;
  mask: CustomEvent<MaskDetail>;
  error: CustomEvent<{ readonly error: ClientError }>;
}

const ATTRIBUTES = ['server', 'src', 'label'] as const;
const HELP = 'Click on an object. Right click: not of it. Drag: a box.';

interface Running {
  readonly abort: AbortController;
  readonly release: () => void;
  image: MarkedImage | null;
  pixels: ImageBitmap | null;
}

export class SplitseemCanvas extends HTMLElement {
  static readonly observedAttributes = ATTRIBUTES.slice(0, 2);
  /** For a server that asks for one; to be set before the element is shown. */
  apiKey: string | null = null;
  readonly #view = new CanvasView({
    give: (item) => this.#try((image) => image.prompt(item, { label: this.getAttribute('label') })),
    undo: () => this.undo(),
    redo: () => this.redo(),
    begin: () => this.begin(),
  });
  readonly #status = document.createElement('p');
  #source: PhotoSource | null = null;
  #running: Running | null = null;
  #isDue = false;

  constructor() {
    super();
    this.#status.role = 'status';
    const style = document.createElement('style');
    style.textContent = STYLE;
    this.attachShadow({ mode: 'open' }).append(style, this.#view.canvas, this.#status);
  }

  /** The image, once it is ready: its objects and their masks, and prompts by program. */
  get image(): MarkedImage | null {
    return this.#running?.image ?? null;
  }

  /** Of the object that is being marked. */
  get found(): Found | null {
    return this.image?.found ?? null;
  }

  get objects(): readonly MarkedObject[] {
    return this.image?.objects ?? [];
  }

  /** An image that no address leads to, instead of the attribute `src`. */
  get source(): PhotoSource | null {
    return this.#source ?? this.getAttribute('src');
  }

  set source(source: PhotoSource | null) {
    this.#source = source;
    this.#restart();
  }

  undo(): void {
    this.#try((image) => image.undo());
  }

  redo(): void {
    this.#try((image) => image.redo());
  }

  /** The next prompt begins another object. */
  begin(): void {
    this.#try((image) => image.begin());
  }

  connectedCallback(): void {
    this.#restart();
  }

  disconnectedCallback(): void {
    this.#stop();
  }

  attributeChangedCallback(name: string): void {
    if (name === 'src') this.#source = null;
    this.#restart();
  }

  /** Once, however many attributes change at a time. */
  #restart(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#stop();
      this.#begin();
    });
  }

  #begin(): void {
    const { source } = this;
    const server = this.getAttribute('server');
    if (!this.isConnected || source === null || server === null) return;
    const { connected, release } = borrow(server, { apiKey: this.apiKey });
    const running: Running = { abort: new AbortController(), release, image: null, pixels: null };
    this.#running = running;
    this.#say('Loading the model and the image');
    connected
      .then((client) => client.image(source, { signal: running.abort.signal }))
      .then((image) => this.#start(running, image))
      .catch((error: unknown) => {
        if (this.#running === running) this.#fail(error);
      });
  }

  async #start(running: Running, image: MarkedImage): Promise<void> {
    const pixels = await decodeWhole(image.file);
    if (this.#running !== running) {
      pixels.close();
      await image.close();
      return;
    }
    Object.assign(running, { image, pixels });
    image.addEventListener('change', () => this.#view.refresh());
    this.#view.show({ marking: image, pixels });
    this.#say(HELP);
    this.#tell('ready', { image });
  }

  #stop(): void {
    const running = this.#running;
    this.#running = null;
    this.#view.show(null);
    this.#say('');
    if (running === null) return;
    running.abort.abort();
    running.pixels?.close();
    running.image?.close().catch(() => undefined);
    running.release();
  }

  #try(act: (image: MarkedImage) => Promise<Found | null>): void {
    const { image } = this;
    if (image === null) return;
    act(image).then(
      (found) => {
        if (this.image !== image) return;
        this.#say(found === null ? HELP : spoken(found));
        this.#tell('mask', { found, objects: image.objects });
      },
      (error: unknown) => {
        if (this.image === image) this.#fail(error);
      },
    );
  }

  #fail(thrown: unknown): void {
    const error = toClientError(thrown, 'decoder');
    if (error.kind === 'aborted') return;
    this.#say(sayFailure(error));
    this.#tell('error', { error });
  }

  #say(text: string): void {
    this.#status.textContent = text;
  }

  #tell<Name extends keyof CanvasEvents>(name: Name, detail: CanvasEvents[Name]['detail']): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const spoken = ({ label, area }: Found): string =>
  `${label ?? 'An object'}, ${area.toLocaleString('en')} ${area === 1 ? 'pixel' : 'pixels'}`;
