/** Gets for texts what the decoder needs: their vectors from the server, once each, and the graphs that take them. */
import type { Texts } from '../../api/texts';
import type { DecoderBridge } from '../../bridge/decoder';
import { hasStep, pendingSteps, type PendingStep, type Step } from '../../session/state';
import { toClientError, type ClientError } from '../../shared/errors';
import type { RuntimeInfo } from '../../shared/messages';
import type { PromptItem, TextVectors } from '../../shared/types';
import { isReady, type Store } from '../state/store';

interface Services {
  readonly texts: Texts;
  readonly decoder: DecoderBridge;
}

interface Events {
  /** Steps may be possible now that were not before. */
  readonly onArrival: () => void;
  readonly onError: (error: ClientError) => void;
}

export class TextLookup {
  readonly #store: Store;
  readonly #services: Services;
  readonly #events: Events;
  /** By model and text. */
  readonly #known = new Map<string, TextVectors>();
  #isAsking = false;

  constructor(store: Store, services: Services, events: Events) {
    this.#store = store;
    this.#services = services;
    this.#events = events;
  }

  /** The vectors of all texts among the prompts, in order; null while they cannot be answered yet. */
  vectorsOf(prompts: readonly PromptItem[]): readonly TextVectors[] | null {
    const texts = textsOf(prompts);
    if (texts.length === 0) return [];
    const { decoder, textGraphs } = this.#store;
    if (decoder.value.phase !== 'ready' || textGraphs.value !== 'ready') return null;
    const { fingerprint } = decoder.value.info;
    const vectors = texts.flatMap((text) => this.#known.get(keyOf(fingerprint, text)) ?? []);
    return vectors.length === texts.length ? vectors : null;
  }

  /** Get what steps wait for; while that runs, what comes to it is found at its end. */
  run(): void {
    const { decoder } = this.#store;
    if (decoder.value.phase !== 'ready' || this.#isAsking) return;
    const waiting = this.#waiting();
    if (waiting.length > 0) void this.#ask(decoder.value.info, waiting);
  }

  /** Fetch the graphs before the first text is given. */
  prefetch(): void {
    const { decoder } = this.#store;
    if (decoder.value.phase !== 'ready' || decoder.value.info.textBytes === null) return;
    // What goes wrong here goes wrong again with the first text, and is shown then.
    this.#fetchGraphs().catch(() => undefined);
  }

  #waiting(): readonly PendingStep[] {
    const { session, failedSteps } = this.#store;
    const isComplete = (embedded: string): boolean => isReady(this.#store, embedded);
    return pendingSteps(session.value, isComplete, failedSteps.value).filter(
      ({ prompts }) => this.vectorsOf(prompts) === null,
    );
  }

  async #ask({ fingerprint }: RuntimeInfo, waiting: readonly PendingStep[]): Promise<void> {
    const { textsAsked } = this.#store;
    const all = new Set(waiting.flatMap(({ prompts }) => textsOf(prompts)));
    const missing = [...all].filter((text) => !this.#known.has(keyOf(fingerprint, text)));
    this.#isAsking = true;
    textsAsked.value = missing;
    try {
      await Promise.all([this.#encode(missing, fingerprint), this.#fetchGraphs()]);
    } catch (thrown) {
      this.#failed(waiting, missing.length > 0 ? missing : [...all], toClientError(thrown, 'network'));
    } finally {
      this.#isAsking = false;
      textsAsked.value = [];
    }
    this.#events.onArrival();
    this.run();
  }

  async #encode(texts: readonly string[], fingerprint: string): Promise<void> {
    const options = { fingerprint, signal: new AbortController().signal };
    const vectors = await this.#services.texts.encode(texts, options);
    texts.forEach((text, index) => {
      const found = vectors[index];
      if (found !== undefined) this.#known.set(keyOf(fingerprint, text), found);
    });
  }

  async #fetchGraphs(): Promise<void> {
    const { textGraphs } = this.#store;
    if (textGraphs.value === 'ready') return;
    textGraphs.value = 'loading';
    try {
      await this.#services.decoder.call('fetchText', {});
      textGraphs.value = 'ready';
    } catch (error) {
      textGraphs.value = 'absent';
      throw error;
    }
  }

  /** Texts that could not be had are left out until they are tried again. */
  #failed(waiting: readonly PendingStep[], texts: readonly string[], error: ClientError): void {
    const { failedSteps, session } = this.#store;
    const left = waiting
      .flatMap(({ object }) => object.steps)
      .filter((step) => isOneOf(step, texts) && hasStep(session.value, step.id));
    if (left.length === 0) return;
    failedSteps.value = new Map([
      ...failedSteps.value,
      ...left.map(({ id }): [string, ClientError] => [id, error]),
    ]);
    const quoted = texts.map((text) => `“${text}”`).join(', ');
    this.#events.onError({ ...error, about: `${quoted} cannot be looked up` });
  }
}

const textsOf = (prompts: readonly PromptItem[]): readonly string[] =>
  prompts.flatMap((prompt) => (prompt.kind === 'text' ? [prompt.text] : []));

const isOneOf = ({ prompt }: Step, texts: readonly string[]): boolean =>
  prompt.kind === 'text' && texts.includes(prompt.text);

const keyOf = (fingerprint: string, text: string): string => `${fingerprint} ${text}`;
