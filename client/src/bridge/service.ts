/** All that is asked of a server, at its addresses, and of the worker that runs its decoder. */
import type { Keys } from '../api/authorized';
import { browser, createEmbed, type Embed } from '../api/embeddings';
import { createTexts, type Texts } from '../api/texts';
import { createUpright } from '../api/upright';
import type { MapsWish } from '../shared/model/maps';
import { startDecoder, type DecoderBridge, type MakeWorker } from './decoder';
import { withFallback } from './fallback';

export interface Service {
  readonly embed: Embed;
  readonly texts: Texts;
  /** An upright picture of a file that this browser does not read. */
  readonly convert: (file: Blob) => Promise<Blob>;
  readonly decoder: DecoderBridge;
  /** Of the manifest. */
  readonly modelUrl: string;
}

/** A decoder that asks `POST /v1/decode` at an address. */
export type MakeServerDecoder = (url: string, milliseconds: number | undefined, keys: Keys) => DecoderBridge;

export interface ServiceOptions {
  readonly keys: Keys;
  readonly maps?: MapsWish | null;
  /** Milliseconds without a sign of life after which a wait ends, instead of the usual. */
  readonly patience?: number | undefined;
  readonly makeWorker?: MakeWorker | undefined;
  readonly makeServerDecoder: MakeServerDecoder;
  /** Whether the server also decodes where the worker is only slow; it does unless this says otherwise. */
  readonly unlessSlow?: boolean;
}

/** The worker waits for files itself, and has to be heard afterwards. */
const WORKER_PATIENCE = 3;

/** `address` gives that of a route of the server, `v1/embed` for example. */
export function serviceAt(
  address: (route: string) => string,
  { keys, maps = null, patience, makeWorker, makeServerDecoder, unlessSlow }: ServiceOptions,
): Service {
  const ways = { ...browser, keys };
  return {
    embed: createEmbed(address(maps === null ? 'v1/embed' : `v1/embed?maps=${maps}`), ways, patience),
    texts: createTexts(address('v1/text'), ways, patience),
    convert: createUpright(address('v1/upright'), ways, patience),
    decoder: withFallback(
      startDecoder(patience && WORKER_PATIENCE * patience, makeWorker),
      makeServerDecoder(address('v1/decode'), patience, keys),
      unlessSlow === undefined ? {} : { unlessSlow },
    ),
    modelUrl: address('v1/model'),
  };
}
