/** A controller between a server and a decoder that the test answers for. */
import type { EmbedOptions } from '../../src/api/embeddings';
import type { TextOptions } from '../../src/api/texts';
import type { DecoderBridge } from '../../src/bridge/decoder';
import type { Services } from '../../src/app/app';
import { Controller } from '../../src/app/controller';
import type { OpenedFile, Photo } from '../../src/app/photos/photo';
import { ApiKeys } from '../../src/app/state/apiKeys';
import { createStore, type Store } from '../../src/app/state/store';
import { resultOf } from '../../src/session/state';
import { Failure, type ClientError } from '../../src/shared/errors';
import type { WorkerCalls, WorkerStepResult } from '../../src/shared/messages';
import type { Vocabulary } from '../../src/shared/model/naming';
import type { PromptItem, TextVectors } from '../../src/shared/types';
import { click, POINT_RULES, stepResult } from '../samples';

export const SIZE = { height: 4, width: 6 };
export const KEY = 'ab'.repeat(16);

export const photo = (name = 'cat.jpg', size = SIZE, digest?: string): Photo => ({
  name,
  ...(digest !== undefined && { digest }),
  size,
  file: new Blob(['x'], { type: 'image/jpeg' }),
  bitmap: { close: () => undefined } as unknown as ImageBitmap,
});

export /** Class embeddings of this world lean to "one" the larger the mask is. */
const VOCABULARY: Vocabulary = { names: ['one', 'none'], classMatrix: Float32Array.of(1, 0, 0, 1) };

const INFO = {
  fingerprint: '0123abcd',
  textBytes: 1000,
  vocabulary: VOCABULARY,
  logitScale: 1,
  ...POINT_RULES,
} as const;

export const say = (text: string): PromptItem => ({ kind: 'text', text });

export const vectorsOf = (text: string): TextVectors => ({
  tokens: Float32Array.of(text.length),
  sentence: Float32Array.of(1),
});

interface Question {
  readonly args: WorkerCalls['step']['args'];
  readonly answer: (result: WorkerStepResult) => void;
  readonly fail: (error: ClientError) => void;
}

/** Texts that the server was asked for, until the test answers. */
interface Inquiry {
  readonly texts: readonly string[];
  readonly options: TextOptions;
  readonly answer: () => void;
  readonly fail: (error: ClientError) => void;
}

/** Class names that the server was asked for; it takes the first for "one" and the second for "none". */
interface NameInquiry {
  readonly names: readonly string[];
  readonly answer: () => void;
  readonly fail: (error: ClientError) => void;
}

/** Server and decoder under the test's control. */
export class World {
  readonly store: Store = createStore();
  readonly questions: Question[] = [];
  readonly calls: string[] = [];
  readonly embeds: { options: EmbedOptions; arrive: () => void; fail: (error: ClientError) => void }[] = [];
  originalHw: [number, number] = [SIZE.height, SIZE.width];
  loadError: ClientError | null = null;
  /** Set: images are being opened until it is called. */
  finishOpening: (() => void) | null = null;
  readonly inquiries: Inquiry[] = [];
  readonly nameInquiries: NameInquiry[] = [];
  graphsError: ClientError | null = null;
  clock = 0;
  /** Whether photos have pixels. */
  isReadable = true;
  readonly services: Services;
  readonly controller: Controller;

  constructor(readFile: (file: File) => Promise<OpenedFile> = () => Promise.reject(new Error('no file'))) {
    this.services = {
      openWorks: () => Promise.reject(new Error('no database here')),
      apiKeys: new ApiKeys(),
      canvases: () => Promise.resolve({ usual: 384, largest: 600 }),
      modelUrl: 'http://server/v1/model',
      threads: null,
      decodeWhole: () =>
        this.isReadable ? Promise.resolve({} as ImageBitmap) : Promise.reject(new Error('no such pixels')),
      now: () => ++this.clock,
      readFile,
      reopen: (closed) =>
        Promise.resolve({ ...photo(closed.name, closed.size, closed.digest), file: closed.file }),
      embed: (_, options) =>
        new Promise((resolve, reject) => {
          this.embeds.push({
            options,
            arrive: () => {
              resolve(new ArrayBuffer(8));
            },
            fail: (error) => {
              reject(new Failure(error));
            },
          });
        }),
      texts: {
        encode: (texts, options) =>
          new Promise((resolve, reject) => {
            this.inquiries.push({
              texts,
              options,
              answer: () => {
                resolve(texts.map((text) => vectorsOf(text)));
              },
              fail: (error) => {
                reject(new Failure(error));
              },
            });
          }),
        classMatrix: (names) =>
          new Promise((resolve, reject) => {
            this.nameInquiries.push({
              names,
              answer: () => {
                resolve({ ...VOCABULARY, names });
              },
              fail: (error) => {
                reject(new Failure(error));
              },
            });
          }),
      },
      decoder: { call: this.#call as DecoderBridge['call'], terminate: () => undefined },
    };
    this.controller = new Controller(this.store, this.services);
  }

  #call = (name: string, args: WorkerCalls['step']['args'], options?: { signal?: AbortSignal }): unknown => {
    this.calls.push(name);
    if (name === 'load')
      return this.loadError ? Promise.reject(new Failure(this.loadError)) : Promise.resolve(INFO);
    if (name === 'fetchText')
      return this.graphsError ? Promise.reject(new Failure(this.graphsError)) : Promise.resolve(null);
    if (name === 'open') {
      const opened = { key: KEY, geometry: { original_hw: this.originalHw } };
      if (this.finishOpening === null) return Promise.resolve(opened);
      return new Promise((resolve) => {
        this.finishOpening = () => {
          resolve(opened);
        };
      });
    }
    if (['close', 'photo', 'receive', 'reread'].includes(name)) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      const fail = (error: ClientError): void => {
        reject(new Failure(error));
      };
      options?.signal?.addEventListener('abort', () => {
        fail({ kind: 'aborted', message: 'cancelled' });
      });
      this.questions.push({ args, answer: resolve, fail });
    });
  };

  /** Answer the question that waits, with a mask as large as its number of points. */
  async answer(isDraft = false): Promise<void> {
    const question = this.questions.at(-1);
    question?.answer({ ...stepResult({ fill: question.args.points.length, size: SIZE }), isDraft });
    await settle();
  }

  async openReady(): Promise<void> {
    this.controller.start();
    this.controller.openPhoto(photo());
    this.embeds.at(-1)?.arrive();
    await settle();
  }

  /** With a photo whose first click has been answered. */
  async openAnswered(): Promise<void> {
    await this.openReady();
    this.controller.give(click(1, 1));
    await this.answer();
  }

  get areas(): (number | undefined)[] {
    const { session } = this.store;
    const objects = session.value.images[0]?.document.objects ?? [];
    return objects.map((object) => resultOf(session.value, object)?.mask.counts[1]);
  }
}

/** Let everything that can happen without the world happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
