/** Names that objects are called by: the model's own, or a list of the user's. */
import type { Texts } from '../../api/texts';
import { renameResults, setClassNames } from '../../session/transitions';
import type { Vocabulary } from '../../shared/model/naming';
import { namingOf, type Store } from './store';

/** The entries of a text with a name a line, or names between commas; each once. */
export function parseClassNames(text: string): readonly string[] {
  const names = text.split(/[,\n]/).map((name) => name.trim().replace(/\s+/g, ' '));
  return [...new Set(names)].filter((name) => name !== '');
}

export class ClassNames {
  readonly #store: Store;
  readonly #texts: Texts;
  #asking: AbortController | null = null;

  constructor(store: Store, texts: Texts) {
    this.#store = store;
    this.#texts = texts;
  }

  /**
   * Name what has been segmented, and what will be, by these names; null gives them back to the model.
   *
   * The list is kept in the session at once, whether or not the server knows what the names mean. Without a
   * decoder that is all.
   */
  async use(names: readonly string[] | null): Promise<void> {
    const { decoder, session } = this.#store;
    this.#asking?.abort();
    session.value = setClassNames(session.value, names);
    if (decoder.value.phase !== 'ready') return;
    const { fingerprint, vocabulary } = decoder.value.info;
    this.#rename(names === null ? vocabulary : await this.#ask(names, fingerprint));
  }

  async #ask(names: readonly string[], fingerprint: string): Promise<Vocabulary> {
    const asking = new AbortController();
    this.#asking = asking;
    this.#store.classNamesAsked.value = names.length;
    try {
      return await this.#texts.classMatrix(names, { fingerprint, signal: asking.signal });
    } finally {
      if (this.#asking === asking) this.#store.classNamesAsked.value = 0;
    }
  }

  #rename(vocabulary: Vocabulary | null): void {
    const { session } = this.#store;
    this.#store.vocabulary.value = vocabulary;
    session.value = renameResults(session.value, (classEmbed) => namingOf(this.#store, classEmbed));
  }
}
