/** Fetches the manifest and the files it names, and trusts none of them before their digest is checked. */
import { download, type DownloadOptions } from '../../api/download';
import type { Loaded } from '../../api/wait';
import { digestOf } from '../../shared/digest';
import { Failure, unwrap } from '../../shared/errors';
import {
  fileFor,
  parseManifest,
  type GraphFile,
  type Manifest,
  type ModelFile,
  type TextWirings,
} from '../../shared/model/manifest';
import { fetchedOrKept, keepOnly, keptOr } from './keptFiles';

export interface ModelFiles {
  readonly manifest: Manifest;
  /** The pieces of the graph, or the one file of it. */
  readonly prepare: readonly ArrayBuffer[];
  readonly step: ArrayBuffer;
  /** Null for a model without a refiner. */
  readonly refiner: { readonly look: ArrayBuffer; readonly refine: ArrayBuffer } | null;
  readonly vocabulary: ArrayBuffer | null;
  /** Fetches what makes mask features of a lateral map; null for a model that does not. */
  readonly lateral: (() => Promise<LateralFiles>) | null;
}

/** Files of the graphs that only lateral maps need, and the sizes of what they make. */
export interface LateralFiles extends Record<'affine' | 'source' | 'features', ArrayBuffer> {
  readonly rows: number;
  readonly maskDim: number;
}

/** Whose files are fetched unless another execution provider is named. */
const USUAL_PROVIDER = 'wasm';

/** Milliseconds without a sign of life after which the manifest of the last visit will do. */
const SHORT_PATIENCE = 5000;

/** Hears how much of which file has come. */
export type OnProgress = (file: string, loaded: Loaded) => void;

export interface FetchOptions {
  readonly onProgress?: OnProgress | undefined;
  /** Longest silence, instead of the usual. */
  readonly milliseconds?: number | undefined;
}

export async function fetchManifest(modelUrl: string, milliseconds?: number): Promise<Manifest> {
  const bytes = await fetchedOrKept(modelUrl, (hasKept) =>
    download(modelUrl, { milliseconds: hasKept ? SHORT_PATIENCE : milliseconds }),
  );
  const text = new TextDecoder().decode(bytes);
  return unwrap(parseManifest(jsonOf(text)));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** `modelUrl` is the address of the manifest; its files lie below it. */
export async function fetchModel(
  modelUrl: string,
  provider = USUAL_PROVIDER,
  { onProgress, milliseconds }: FetchOptions = {},
): Promise<ModelFiles> {
  const manifest = await fetchManifest(modelUrl, milliseconds);
  const { graphs, vocabulary } = manifest;
  const fetchGraph = async (graph: GraphFile): Promise<ArrayBuffer> =>
    fetchCounted(fileFor(provider, manifest, graph));
  const fetchCounted = async (file: ModelFile): Promise<ArrayBuffer> =>
    fetchFile(modelUrl, file, {
      milliseconds,
      onProgress: ({ bytes }) => onProgress?.(file.file, { bytes, total: file.bytes }),
    });
  const [prepare, step, look, refine, names] = await Promise.all([
    Promise.all((graphs.prepare.pieces ?? [graphs.prepare]).map(fetchGraph)),
    fetchGraph(graphs.step),
    graphs.look ? fetchGraph(graphs.look) : null,
    graphs.refine ? fetchGraph(graphs.refine) : null,
    vocabulary ? fetchFile(modelUrl, vocabulary, { milliseconds }) : null,
  ]);
  forgetOthers(modelUrl, manifest);
  return {
    manifest,
    prepare,
    step,
    refiner: look && refine && { look, refine },
    vocabulary: names,
    lateral: lateralFilesOf(manifest, fetchGraph),
  };
}

function lateralFilesOf(
  { graphs, config }: Manifest,
  fetchGraph: (graph: GraphFile) => Promise<ArrayBuffer>,
): ModelFiles['lateral'] {
  const { lateral_affine, mask_source, mask_features } = graphs;
  const { lateral, mask_dim: maskDim } = config;
  if (!lateral || !lateral_affine || !mask_source || !mask_features) return null;
  return async () => {
    const [affine, source, features] = await Promise.all([
      fetchGraph(lateral_affine),
      fetchGraph(mask_source),
      fetchGraph(mask_features),
    ]);
    return { affine, source, features, rows: lateral.rows, maskDim };
  };
}

/** Files of the graphs that only texts need, kept until they are opened. */
export interface TextFiles {
  /** Null where it is the file of the clicks. */
  readonly prepare: ArrayBuffer | null;
  readonly step: ArrayBuffer;
  readonly wirings: TextWirings;
  readonly weight: number;
}

export async function fetchTextFiles(
  modelUrl: string,
  manifest: Manifest,
  provider = USUAL_PROVIDER,
): Promise<TextFiles> {
  const wanted = textFilesOf(manifest, provider);
  const { config, text_wirings: wirings } = manifest;
  if (wanted === null || !wirings || !config.text) {
    throw new Failure({ kind: 'model', message: `model ${manifest.model} takes no texts` });
  }
  const [prepare, step] = await Promise.all([
    wanted.prepare && fetchFile(modelUrl, wanted.prepare),
    fetchFile(modelUrl, wanted.step),
  ]);
  return { prepare, step, wirings, weight: config.text.weight };
}

/** Bytes that the first text fetches; null for a model that takes none. */
export function textBytesOf(manifest: Manifest, provider = USUAL_PROVIDER): number | null {
  const wanted = textFilesOf(manifest, provider);
  return wanted && (wanted.prepare?.bytes ?? 0) + wanted.step.bytes;
}

function textFilesOf(manifest: Manifest, provider: string) {
  const { prepare: ofClicks, general_prepare: prepare, general_step: step } = manifest.graphs;
  if (!manifest.config.text || !prepare || !step) return null;
  const file = (graph: GraphFile): ModelFile => fileFor(provider, manifest, graph);
  return { prepare: prepare.sha256 === ofClicks.sha256 ? null : file(prepare), step: file(step) };
}

async function fetchFile(
  modelUrl: string,
  { file, sha256 }: ModelFile,
  options?: DownloadOptions,
): Promise<ArrayBuffer> {
  const isGood = async (bytes: ArrayBuffer): Promise<boolean> =>
    (await digestOf(new Uint8Array(bytes))) === sha256;
  return keptOr(keptAt(modelUrl, sha256), isGood, async () => {
    const bytes = await download(`${modelUrl}/${encodeURIComponent(file)}`, options);
    if (await isGood(bytes)) return bytes;
    throw new Failure({
      kind: 'model',
      what: 'decoder-file-changed',
      message: `decoder file ${file} has another digest than the manifest says, ${sha256}`,
    });
  });
}

/** Nothing is served there: it is where the browser keeps a file. */
const keptAt = (modelUrl: string, digest = ''): string => `${modelUrl}/sha256/${digest}`;

/** Let go of the files of a model that the server had before. */
function forgetOthers(modelUrl: string, manifest: Manifest): void {
  const digests = JSON.stringify(manifest).match(/[0-9a-f]{64}/g) ?? [];
  void keepOnly(keptAt(modelUrl), new Set(digests.map((digest) => keptAt(modelUrl, digest))));
}
