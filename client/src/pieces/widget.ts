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
  on(event: 'msg:custom', listener: (content: unknown) => void): void;
  off(event: 'msg:custom', listener: (content: unknown) => void): void;
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
  const kernel = new Kernel(model);
  const [height = 1, width = 1] = model.get('_size_hw') as readonly number[];
  const marking = new Marking({ height, width }, ({ prompts }) => kernel.answer(prompts));
  const status = Object.assign(document.createElement('p'), { role: 'status', textContent: HELP });
  const run = (act: Promise<Found | null>): void => {
    act.then(
      (found) => {
        status.textContent = found === null ? HELP : `${found.label ?? 'An object'}, ${found.area} pixels`;
        keep(model, marking);
      },
      (error: unknown) => {
        status.textContent = toClientError(error, 'decoder').message;
      },
    );
  };
  const view = new CanvasView({
    give: (item) => run(marking.prompt(item)),
    undo: () => run(marking.undo()),
    redo: () => run(marking.redo()),
    begin: () => run(marking.begin()),
  });
  marking.addEventListener('change', () => view.refresh());
  const style = Object.assign(document.createElement('style'), { textContent: STYLE });
  // Keys of the notebook mean something else.
  el.dataset.lmSuppressShortcuts = 'true';
  (el.shadowRoot ?? el.attachShadow({ mode: 'open' })).replaceChildren(style, view.canvas, status);
  void showPicture(model, view, marking);
  run(restored(model, marking));
  return () => {
    kernel.stop();
    view.close();
  };
}

async function showPicture(model: Model, view: CanvasView, marking: Marking): Promise<void> {
  const bytes = model.get('_picture') as DataView<ArrayBuffer>;
  const pixels = new Image();
  pixels.src = URL.createObjectURL(new Blob([bytes]));
  await pixels.decode();
  URL.revokeObjectURL(pixels.src);
  view.show({ marking, pixels });
}

/** Prompts of objects in their order; the kernel has their masks. */
function keep(model: Model, marking: Marking): void {
  const objects = marking.objects.map(({ prompts }) => prompts).filter(({ length }) => length > 0);
  model.set('_objects', objects);
  model.save_changes();
}

/** What another view of the same widget left. */
async function restored(model: Model, marking: Marking): Promise<Found | null> {
  for (const prompts of model.get('_objects') as readonly (readonly PromptItem[])[]) {
    await marking.begin();
    await marking.prompt(prompts);
  }
  return marking.found;
}

export default { render };
