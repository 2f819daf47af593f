/** The canvas of `splitseem.jupyter`: what is seen and heard is here, prompts are answered in the kernel. */
import { Failure, toClientError } from '../shared/errors';
import { rleArea } from '../shared/rle';
import { WORKER_STAGES } from '../shared/stages';
import type { CocoRle, PromptItem, StepResult, StepTimings } from '../shared/types';
import { CanvasView } from './canvasView';
import { Marking, type Found } from './marking';
import { STYLE } from './style';

/** What a front end for Jupyter's widgets gives: state that both sides have, and messages. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: 'msg:custom' | 'change:_objects', listener: (content: unknown) => void): void;
  off(event: 'msg:custom' | 'change:_objects', listener: (content: unknown) => void): void;
}

/** The kernel's answer to a question of that number. */
interface Answer {
  readonly id: number;
  readonly mask?: CocoRle;
  readonly score?: number | null;
  readonly label?: string | null;
  readonly label_score?: number | null;
  readonly error?: string;
}

const HELP = 'Click on an object. Right click: not of it. Drag: a box.';
const NO_TIME = Object.fromEntries(
  ['queue', ...WORKER_STAGES, 'frame', 'paint', 'total'].map((stage) => [stage, 0]),
) as unknown as StepTimings;

/** Asks the kernel, and hears its answers. */
class Kernel {
  readonly #model: Model;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #hear = (content: unknown): void => {
    const answer = content as Answer;
    this.#waiting.get(answer.id)?.(answer);
    this.#waiting.delete(answer.id);
  };
  /** Several views of one model hear each other's answers. */
  #lastId = Math.floor(Math.random() * 2 ** 40);

  constructor(model: Model) {
    this.#model = model;
    model.on('msg:custom', this.#hear);
  }

  async answer(prompts: readonly PromptItem[]): Promise<StepResult> {
    const id = ++this.#lastId;
    const {
      mask,
      error,
      score = null,
      label = null,
      label_score: labelScore = null,
    } = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#model.send({ id, prompts });
    });
    if (mask === undefined)
      throw new Failure({ kind: 'prompt', message: error ?? 'the kernel gave no mask' });
    const known = { maskLogits: null, classEmbed: new Float32Array(0), isDraft: false, isCoarse: false };
    return { ...known, mask, area: rleArea(mask), score, label, labelScore, timings: NO_TIME };
  }

  stop(): void {
    this.#model.off('msg:custom', this.#hear);
  }
}

function render({ model, el }: { readonly model: Model; readonly el: HTMLElement }): () => void {
  const view = new WidgetView(model);
  // Keys of the notebook mean something else.
  el.dataset.lmSuppressShortcuts = 'true';
  (el.shadowRoot ?? el.attachShadow({ mode: 'open' })).replaceChildren(...view.elements);
  return () => view.close();
}

/** One of the views of a widget: what is marked in one is seen in all. */
class WidgetView {
  readonly elements: readonly HTMLElement[];
  readonly #model: Model;
  readonly #kernel: Kernel;
  readonly #status = Object.assign(document.createElement('p'), { role: 'status' });
  readonly #canvas = new CanvasView({
    give: (item) => void this.#say(this.#marking, this.#marking.prompt(item)),
    undo: () => void this.#say(this.#marking, this.#marking.undo()),
    redo: () => void this.#say(this.#marking, this.#marking.redo()),
    begin: () => void this.#say(this.#marking, this.#marking.begin()),
  });
  readonly #follow = (): void => {
    const isOther = JSON.stringify(promptsOf(this.#marking)) !== JSON.stringify(this.#model.get('_objects'));
    if (isOther) this.#start();
  };
  #marking: Marking;
  #pixels: CanvasImageSource | null = null;

  constructor(model: Model) {
    this.#model = model;
    this.#kernel = new Kernel(model);
    const style = Object.assign(document.createElement('style'), { textContent: STYLE });
    this.elements = [style, this.#canvas.canvas, this.#status];
    this.#marking = this.#start();
    model.on('change:_objects', this.#follow);
    pictureOf(model).then(
      (pixels) => {
        this.#pixels = pixels;
        this.#canvas.show({ marking: this.#marking, pixels });
      },
      (error: unknown) => this.#fail(error),
    );
  }

  close(): void {
    this.#model.off('change:_objects', this.#follow);
    this.#kernel.stop();
    this.#canvas.close();
  }

  /** Show what the kernel knows, for the first time or because another view changed it. */
  #start(): Marking {
    const [height = 1, width = 1] = this.#model.get('_size_hw') as readonly number[];
    const marking = new Marking({ height, width }, ({ prompts }) => this.#kernel.answer(prompts));
    this.#marking = marking;
    marking.addEventListener('change', () => this.#canvas.refresh());
    if (this.#pixels !== null) this.#canvas.show({ marking, pixels: this.#pixels });
    void this.#say(marking, restored(marking, this.#model.get('_objects') as Prompts));
    return marking;
  }

  async #say(marking: Marking, act: Promise<Found | null>): Promise<void> {
    try {
      const found = await act;
      if (marking !== this.#marking) return;
      this.#status.textContent =
        found === null ? HELP : `${found.label ?? 'An object'}, ${found.area} pixels`;
      this.#model.set('_objects', promptsOf(marking));
      this.#model.save_changes();
    } catch (error) {
      if (marking === this.#marking) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#status.textContent = toClientError(error, 'decoder').message;
  }
}

async function pictureOf(model: Model): Promise<CanvasImageSource> {
  const bytes = model.get('_picture') as DataView<ArrayBuffer>;
  const pixels = new Image();
  pixels.src = URL.createObjectURL(new Blob([bytes]));
  await pixels.decode();
  URL.revokeObjectURL(pixels.src);
  return pixels;
}

/** Of each object, in order; the kernel has the masks. */
type Prompts = readonly (readonly PromptItem[])[];

const promptsOf = ({ objects }: Marking): Prompts =>
  objects.map(({ prompts }) => prompts).filter(({ length }) => length > 0);

async function restored(marking: Marking, objects: Prompts): Promise<Found | null> {
  for (const prompts of objects) {
    await marking.begin();
    await marking.prompt(prompts);
  }
  return marking.found;
}

export default { render };
