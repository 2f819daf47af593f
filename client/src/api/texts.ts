/** `POST /v1/text`: words in, the vectors that the decoder takes out. */
import { readTextAnswer, type TextAnswer } from '../codec/textVectors';
import { Failure } from '../shared/errors';
import type { Vocabulary } from '../shared/model/naming';
import type { TextVectors } from '../shared/types';
import { browser, type Surroundings } from './embeddings';
import { patiently } from './patiently';
import { sendRepeatedly } from './retry';

export interface TextOptions {
  /** Of the model whose decoder is to take the vectors. */
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

export interface Texts {
  /** The vectors of every text, in order. */
  encode(texts: readonly string[], options: TextOptions): Promise<readonly TextVectors[]>;
  classMatrix(names: readonly string[], options: TextOptions): Promise<Vocabulary>;
}

const ATTEMPTS = 3;

/** Entries a request that a server takes, unless it is set otherwise. */
const MOST_AT_ONCE = 64;

/** `url` is that of the text route. */
export function createTexts(url: string, surroundings: Surroundings = browser, milliseconds?: number): Texts {
  const ask = async (body: object, { fingerprint, signal }: TextOptions): Promise<TextAnswer> => {
    const request = {
      url,
      body: new Blob([JSON.stringify(body)]),
      headers: { Accept: 'application/msgpack', 'Content-Type': 'application/json' },
      signal,
      onProgress: () => undefined,
    };
    const retrying = { attempts: ATTEMPTS, sleep: surroundings.sleep, signal, onRetry: () => undefined };
    const answer = readTextAnswer(
      await sendRepeatedly(
        () => patiently(surroundings, request, { patience: 'texts', milliseconds }),
        retrying,
      ),
    );
    checkMatch(answer.fingerprint, fingerprint);
    return answer;
  };
  return {
    encode: async (texts, options) => {
      const vectors = [];
      for (const part of parts(texts)) {
        vectors.push(...asked((await ask({ texts: part }, options)).texts, part.length));
      }
      return vectors;
    },
    classMatrix: async (names, options) => {
      const rows: number[] = [];
      for (const part of parts(names)) {
        const { vocabulary } = await ask({ vocabulary: part }, options);
        asked(vocabulary?.names ?? null, part.length);
        rows.push(...(vocabulary?.classMatrix ?? []));
      }
      return { names, classMatrix: Float32Array.from(rows) };
    },
  };
}

const parts = (entries: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(entries.length / MOST_AT_ONCE) }, (_, k) =>
    entries.slice(k * MOST_AT_ONCE, (k + 1) * MOST_AT_ONCE),
  );

/** Vectors of another model would decode to nonsense without an error. */
function checkMatch(texts: string, decoder: string): void {
  if (texts === decoder) return;
  throw new Failure({
    kind: 'fingerprint',
    message: `the server reads words for model ${texts}, the decoder here is of ${decoder}: reload the page`,
    embedding: texts,
    decoder,
  });
}

/** An answer to as many entries as were asked for. */
function asked<T>(answers: readonly T[] | null, count: number): readonly T[] {
  if (answers?.length === count) return answers;
  const message = `the server answered ${answers?.length ?? 0} of ${count} entries`;
  throw new Failure({ kind: 'codec', reason: 'missing-field', message });
}
