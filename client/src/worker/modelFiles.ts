/** Fetches the manifest and the files it names, and trusts none of them before their digest is checked. */
import { Failure, unwrap } from '../shared/errors';
import { parseManifest, type Manifest, type ModelFile, type TextWirings } from '../shared/manifest';
import { sha256Hex } from '../shared/sha256';

export interface ModelFiles {
  readonly manifest: Manifest;
  readonly prepare: ArrayBuffer;
  readonly step: ArrayBuffer;
  /** Null for a model without a refiner. */
  readonly refiner: { readonly look: ArrayBuffer; readonly refine: ArrayBuffer } | null;
  readonly vocabulary: ArrayBuffer | null;
}

/** `modelUrl` is the address of the manifest; its files lie below it. */
export async function fetchModel(modelUrl: string): Promise<ModelFiles> {
  const response = await request(modelUrl);
  const manifest = unwrap(parseManifest(await response.json().catch(() => null)));
  const { graphs, vocabulary } = manifest;
  const optional = async (file: ModelFile | undefined): Promise<ArrayBuffer | null> =>
    file === undefined ? null : fetchFile(modelUrl, file);
  const [prepare, step, look, refine, names] = await Promise.all([
    fetchFile(modelUrl, graphs.prepare),
    fetchFile(modelUrl, graphs.step),
    optional(graphs.look),
    optional(graphs.refine),
    optional(vocabulary),
  ]);
  return { manifest, prepare, step, refiner: look && refine && { look, refine }, vocabulary: names };
}

/** Files of the graphs that only texts need, kept until they are opened. */
export interface TextFiles {
  /** Null where it is the file of the clicks. */
  readonly prepare: ArrayBuffer | null;
  readonly step: ArrayBuffer;
  readonly wirings: TextWirings;
  readonly weight: number;
}

export async function fetchTextFiles(modelUrl: string, manifest: Manifest): Promise<TextFiles> {
  const wanted = textFilesOf(manifest);
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
export function textBytesOf(manifest: Manifest): number | null {
  const wanted = textFilesOf(manifest);
  return wanted && (wanted.prepare?.bytes ?? 0) + wanted.step.bytes;
}

function textFilesOf({ graphs, config }: Manifest) {
  const { prepare: ofClicks, general_prepare: prepare, general_step: step } = graphs;
  if (!config.text || !prepare || !step) return null;
  return { prepare: prepare.sha256 === ofClicks.sha256 ? null : prepare, step };
}

async function fetchFile(modelUrl: string, { file, sha256 }: ModelFile): Promise<ArrayBuffer> {
  const response = await request(`${modelUrl}/${encodeURIComponent(file)}`);
  const bytes = await response.arrayBuffer();
  const digest = await digestOf(bytes);
  if (digest === sha256) return bytes;
  throw new Failure({
    kind: 'model',
    message: `decoder file ${file} has the digest ${digest}, the manifest says ${sha256}: reload the page`,
  });
}

async function request(url: string): Promise<Response> {
  const response = await fetch(url).catch((error: unknown) => {
    throw new Failure(
      { kind: 'network', message: `the server cannot be reached for ${url}` },
      { cause: error },
    );
  });
  if (response.ok) return response;
  throw new Failure({
    kind: 'http',
    status: response.status,
    message: `the server answered ${response.status} for ${url}`,
  });
}

async function digestOf(bytes: ArrayBuffer): Promise<string> {
  // Outside a secure context the type lies: there is no `subtle`.
  const subtle = (crypto as { readonly subtle?: SubtleCrypto }).subtle;
  if (subtle === undefined) return sha256Hex(new Uint8Array(bytes));
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
