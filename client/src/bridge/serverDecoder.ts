/** Answers as the worker does, by `POST /v1/decode`: for browsers in which the decoder does not run. */
import { authorized, NO_KEYS, type Keys } from '../api/authorized';
import { download } from '../api/download';
import { httpError } from '../api/problem';
import type { PostResponse } from '../api/transport';
import { within } from '../api/wait';
import { readModelNames } from '../codec/textVectors';
import { unpackEmbedding } from '../codec/unpack';
import { aborted, Failure, toClientError, unwrap } from '../shared/errors';
import type { CallName, OpenedImage, RuntimeInfo, WorkerCalls, WorkerStepResult } from '../shared/messages';
import { SERVER_PROVIDER } from '../shared/model/providers';
import { isValidRle } from '../shared/rle';
import { WORKER_STAGES } from '../shared/stages';
import type { CocoRle, MaskLogits } from '../shared/types';
import { fetchManifest, textBytesOf } from '../worker/runtime/modelFiles';
import type { CallOptions, DecoderBridge } from './decoder';

type Handler<Name extends CallName> = (
  args: WorkerCalls[Name]['args'],
  options: CallOptions,
) => Promise<WorkerCalls[Name]['result']>;

const refusing = (what: string) => () =>
  Promise.reject(new Failure({ kind: 'decoder', message: `the server ${what}` }));

/** `decodeUrl` is the address of the route; `milliseconds` the longest silence, when it is not the usual. */
export function createServerDecoder(
  decodeUrl: string,
  milliseconds?: number,
  keys: Keys = NO_KEYS,
): DecoderBridge {
  const opened = new Map<string, string>();
  const handlers: { readonly [Name in CallName]: Handler<Name> } = {
    load: async ({ modelUrl }) => describe(modelUrl),
    receive: () => Promise.resolve(null),
    reread: () => Promise.resolve(null),
    open: ({ imageId, bytes }) => {
      const { key, geometry } = unwrap(unpackEmbedding(new Uint8Array(bytes)));
      opened.set(imageId, key);
      return Promise.resolve<OpenedImage>({
        ...{ key, geometry, prepareMilliseconds: 0, longestSliceMilliseconds: 0 },
      });
    },
    step: async ({ imageId, prompts = [], memory }, { signal }) => {
      const key = opened.get(imageId);
      if (key === undefined) throw new Failure({ kind: 'decoder', message: `no image ${imageId} is open` });
      const started = performance.now();
      const body = { key, prompts, ...(memory && { memory: packMemory(memory, prompts.length - 1) }) };
      const response = await authorized(keys, signal, (headers) =>
        within({ patience: 'decoding', signal, milliseconds }, (limit) =>
          post(decodeUrl, body, headers, limit),
        ),
      );
      return readAnswer(answerOf(response), performance.now() - started);
    },
    alternatives: refusing('is not asked for other masks'),
    preview: refusing('is not asked for previews'),
    photo: refusing('is shown no photos'),
    sharpen: refusing('does not sharpen masks'),
    everything: refusing('is not asked for everything'),
    find: refusing('is not asked where words are'),
    fetchText: () => Promise.resolve(null),
    close: ({ imageId }) => {
      opened.delete(imageId);
      return Promise.resolve(null);
    },
  };
  return {
    call: (name, args, options = {}) =>
      options.signal?.aborted === true
        ? Promise.reject(new Failure(aborted()))
        : handlers[name](args, options),
    terminate: () => opened.clear(),
  };
}

async function describe(modelUrl: string): Promise<RuntimeInfo> {
  const manifest = await fetchManifest(modelUrl);
  const { config, model, fingerprint, vocabulary } = manifest;
  const names = vocabulary && (await download(`${modelUrl}/${encodeURIComponent(vocabulary.file)}`));
  return {
    ...{ model, fingerprint, provider: SERVER_PROVIDER, threads: 0, loadMilliseconds: 0 },
    crossOriginIsolated: globalThis.crossOriginIsolated,
    textBytes: textBytesOf(manifest),
    maxPoints: config.max_points,
    regionRules: config.region_rules,
    logitScale: config.logit_scale,
    vocabulary: names ? readModelNames(names, config).vocabulary : null,
  };
}

async function post(
  url: string,
  body: object,
  key: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<PostResponse> {
  try {
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json', ...key };
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers, signal });
    const header = (name: string): string | null => response.headers.get(name);
    return { status: response.status, header, body: await response.arrayBuffer() };
  } catch (error) {
    throw new Failure(toClientError(error, 'network'), { cause: error });
  }
}

function answerOf(response: PostResponse): unknown {
  if (response.status < 200 || response.status > 299) throw new Failure(httpError(response));
  try {
    return JSON.parse(new TextDecoder().decode(response.body)) as unknown;
  } catch (error) {
    throw new Failure(toClientError(error, 'network'), { cause: error });
  }
}

/** What the answer to one object holds of what is read here. */
interface Answer {
  readonly mask: CocoRle;
  readonly area: number;
  readonly score: number;
  readonly class_embed: readonly number[];
  readonly memory: { readonly shape: readonly [number, number]; readonly float32_base64: string };
}

function readAnswer(answer: unknown, milliseconds: number): WorkerStepResult {
  const object = (answer as { readonly objects?: readonly Answer[] } | null)?.objects?.[0];
  if (object === undefined || !isValidRle(object.mask)) {
    throw new Failure({ kind: 'codec', reason: 'missing-field', message: 'the answer holds no mask' });
  }
  const none = Object.fromEntries(WORKER_STAGES.map((stage) => [stage, 0]));
  return {
    mask: object.mask,
    area: object.area,
    score: object.score,
    maskLogits: unpackMemory(object.memory),
    // Named on the page, by the user's names where there are some.
    classEmbed: Float32Array.from(object.class_embed),
    isDraft: false,
    timings: { ...none, step: milliseconds } as WorkerStepResult['timings'],
  };
}

/** As `splitseem_server/decoding/request.py` reads it: little-endian float32 in base64. */
function packMemory({ height, width, data }: MaskLogits, prompts: number) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return { prompts, shape: [height, width], float32_base64: btoa(text) };
}

function unpackMemory({ shape: [height, width], float32_base64 }: Answer['memory']): MaskLogits {
  const bytes = Uint8Array.from(atob(float32_base64), (character) => character.charCodeAt(0));
  return { height, width, data: new Float32Array(bytes.buffer) };
}
