/** Words alone: everything in the shown photo that they name, each object one click; the best is active. */
import type { Texts } from '../../api/texts';
import type { DecoderBridge } from '../../bridge/decoder';
import { SERVER_PROVIDER } from '../../shared/model/providers';
import { aborted, Failure } from '../../shared/errors';
import { activeObjectOf, type Session } from '../../session/state';
import { addProposals } from '../../session/proposals';
import { canvasOf, embeddedHere, isReady, type Store } from '../state/store';
import { answered } from './everything';
import * as say from '../wording/page';

interface Services {
  readonly texts: Texts;
  readonly decoder: DecoderBridge;
  readonly now: () => number;
}

/** What is needed of the controller. */
interface Actions {
  change(edit: (session: Session) => Session): void;
  /** Give words as a prompt of the active object. */
  giveText(words: string): void;
}

export class Words {
  readonly #store: Store;
  readonly #services: Services;
  readonly #controller: Actions;

  constructor(store: Store, services: Services, controller: Actions) {
    this.#store = store;
    this.#services = services;
    this.#controller = controller;
  }

  /** Words beside other prompts, and where the model cannot find them by themselves, are a prompt. */
  async give(words: string): Promise<void> {
    const text = words.trim().replace(/\s+/g, ' ');
    if (text === '') return;
    if (!this.#areAlone()) {
      this.#controller.giveText(text);
      return;
    }
    try {
      await this.#find(text);
    } catch {
      // As a prompt they are kept, tried again, and say what is wrong.
      this.#controller.giveText(text);
    }
  }

  #areAlone(): boolean {
    const { activeImage, decoder } = this.#store;
    const [image, here] = [activeImage.value, embeddedHere(this.#store)];
    if (image === null || here === null || decoder.value.phase !== 'ready') return false;
    if (!isReady(this.#store, here.id)) return false;
    const { canFind, provider } = decoder.value.info;
    if (canFind !== true || provider === SERVER_PROVIDER) return false;
    return (activeObjectOf(image)?.steps.length ?? 0) === 0;
  }

  async #find(text: string): Promise<void> {
    const { decoder, textsAsked, notice } = this.#store;
    const here = embeddedHere(this.#store);
    if (here === null || decoder.value.phase !== 'ready') return;
    const { fingerprint } = decoder.value.info;
    const givenAt = this.#services.now();
    textsAsked.value = [text];
    try {
      const options = { fingerprint, signal: new AbortController().signal };
      const { classMatrix } = await this.#services.texts.classMatrix([text], options);
      if (!isReady(this.#store, here.id)) throw new Failure(aborted());
      const canvas = canvasOf(this.#store, here);
      const args = { imageId: here.id, vector: Float32Array.from(classMatrix) };
      const found = await this.#services.decoder.call('find', args);
      const proposals = answered(this.#store, found, givenAt, this.#services.now());
      const adding = { what: 'words', selects: true, givenAt, part: here.part, canvas };
      this.#controller.change((now) => addProposals(now, here.image, proposals, adding));
      notice.value = say.foundBy(text, found.length);
    } finally {
      textsAsked.value = [];
    }
  }
}
