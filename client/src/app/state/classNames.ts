/** What the model names objects by: its own vocabulary, or the class list. */
import { computed, effect, untracked } from '@preact/signals';
import type { Texts } from '../../api/texts';
import { vocabularyOf } from '../../session/state';
import { cleanLabel, renameResults } from '../../session/transitions';
import { toClientError, type ClientError } from '../../shared/errors';
import type { Vocabulary } from '../../shared/model/naming';
import { namingOf, type Store } from './store';

/**
 * The entries of a text with a name a line, or names between commas; each once.
 *
 * Args: known: names that are one entry although they have commas.
 */
export function parseClassNames(text: string, known: readonly string[] = []): readonly string[] {
  const clean = (name: string): string => cleanLabel(name.trim().replace(/\s+/g, ' ')) ?? '';
  const names = text
    .split('\n')
    .flatMap((line) => (known.includes(line.trim()) ? [line.trim()] : line.split(',').map(clean)));
  return [...new Set(names)].filter((name) => name !== '');
}

export class ClassNames {
  readonly #store: Store;
  readonly #texts: Texts;
  readonly #onError: (error: ClientError) => void;
  #asking: AbortController | null = null;

  /** Follows the class list and the decoder from now on. */
  constructor(store: Store, texts: Texts, onError: (error: ClientError) => void) {
    this.#store = store;
    this.#texts = texts;
    this.#onError = onError;
    // By what they say: the list is the same when undo brings it back.
    const names = computed(() => JSON.stringify(vocabularyOf(store.session.value)));
    effect(() => {
      const isWanted = names.value !== '' && store.decoder.value.phase === 'ready';
      if (isWanted) untracked(() => void this.lookUp());
    });
  }

  /** Name what has been segmented, and what will be, by what the session says; without a decoder nothing happens. */
  async lookUp(): Promise<void> {
    const { decoder, session } = this.#store;
    this.#asking?.abort();
    if (decoder.value.phase !== 'ready') return;
    const { fingerprint, vocabulary } = decoder.value.info;
    const names = vocabularyOf(session.value);
    const asking = new AbortController();
    const { signal } = asking;
    this.#asking = asking;
    this.#store.classNamesAsked.value = names?.length ?? 0;
    try {
      const found =
        names === null ? vocabulary : await this.#texts.classMatrix(names, { fingerprint, signal });
      if (!signal.aborted) this.#rename(found);
    } catch (thrown) {
      this.#onError({ ...toClientError(thrown, 'network'), about: 'The class names cannot be looked up' });
    } finally {
      if (this.#asking === asking) this.#store.classNamesAsked.value = 0;
    }
  }

  #rename(vocabulary: Vocabulary | null): void {
    const { session } = this.#store;
    if (vocabulary === this.#store.vocabulary.value) return;
    this.#store.vocabulary.value = vocabulary;
    session.value = renameResults(session.value, (classEmbed) => namingOf(this.#store, classEmbed));
  }
}
