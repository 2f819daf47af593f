/** Files -> photos and projects. */
import type { Imported, KnownPhoto } from '../../imports/imported';
import { decodePhoto, measurePhoto, type Convert } from '../../pixels/decodePhoto';
import { projectFromJson } from '../../codec/unpack';
import { OVERVIEW_PIXELS, shrunk } from './pixels';
import { digestOf } from '../../shared/digest';
import { Failure, unwrap } from '../../shared/errors';
import type { SizeHw } from '../../shared/types';

/** A photo, upright. */
export interface Photo {
  readonly name: string;
  /** What the server is sent, and what pixels are decoded from again. */
  readonly file: Blob;
  /** Of the file that was opened, where `file` is a smaller picture of it. */
  readonly shrunkFrom?: SizeHw;
  /** The whole photo in at most `OVERVIEW_PIXELS`; null while it has not been shown for a while. */
  readonly bitmap: ImageBitmap | null;
  /** Of the image, whatever that of the bitmap. */
  readonly size: SizeHw;
  /** SHA-256 of the bytes of the file that the user opened. */
  readonly digest?: string;
}

export type OpenedFile =
  { readonly kind: 'photo'; readonly photo: Photo } | ({ readonly kind: 'project' } & Imported);

const JSON_NAME = /\.json$/i;
const ZIP_NAME = /\.zip$/i;
const PNG_NAME = /\.png$/i;
/** Annotations that are written here, or by other tools, and not read. */
const OTHER_NAME = /\.(xml|txt|ya?ml|csv)$/i;

export interface ReadOptions {
  /** Whether the pixels of a photo are wanted at once. */
  readonly decodes: boolean;
  /** Photos that annotation files may be of. */
  readonly photos: readonly KnownPhoto[];
}

/** Read a file that the user chose: a saved project or annotations of other tools, else a photo. */
export async function readFile(file: File, convert: Convert, options: ReadOptions): Promise<OpenedFile> {
  const imported = await readAnnotations(file, options.photos);
  if (imported !== null) return { kind: 'project', ...imported };
  return { kind: 'photo', photo: await readPhoto(file, file.name, convert, options.decodes) };
}

/** Fetched once the page answers clicks. */
export const annotationParts = (): Promise<typeof import('../../imports/annotations')> =>
  import('../../imports/annotations');

/** Null: the file is a photo. */
async function readAnnotations(file: File, photos: readonly KnownPhoto[]): Promise<Imported | null> {
  const { name, type } = file;
  if (type === 'application/json' || JSON_NAME.test(name)) return readJson(file);
  if (OTHER_NAME.test(name)) throw aboutFile('by its name', file);
  if (!ZIP_NAME.test(name) && !PNG_NAME.test(name)) return null;
  const { fromPng, fromZip } = await annotationParts();
  try {
    const imported = ZIP_NAME.test(name) ? await fromZip(file, photos) : await fromPng(file);
    return imported && checked(imported);
  } catch (error) {
    throw aboutFile(error, file);
  }
}

/** Read a photo; what the browser cannot read `convert` may. Its pixels may wait until it is shown. */
export async function readPhoto(file: Blob, name: string, convert: Convert, decodes = true): Promise<Photo> {
  if (file.size === 0)
    throw new Failure({ kind: 'image', what: 'photo-empty', about: name, message: `${name} is empty` });
  const measured = decodes ? null : await measurePhoto(file);
  if (measured !== null) return { ...measured, name, bitmap: null, digest: await fileDigest(file) };
  const [decoded, digest] = [await decodePhoto(file, name, convert), await fileDigest(file)];
  const { height, width } = decoded.bitmap;
  const bitmap = await shrunk(decoded.bitmap, OVERVIEW_PIXELS);
  return { ...decoded, name, size: { height, width }, bitmap, digest };
}

/** What tells a file from others, whatever it is called. */
const fileDigest = async (file: Blob): Promise<string> => digestOf(new Uint8Array(await file.arrayBuffer()));

/** By the rules of projects, whatever the file was. */
const checked = ({
  project,
  remark,
}: {
  readonly project: unknown;
  readonly remark: string | null;
}): Imported => ({
  project: unwrap(projectFromJson(project)),
  remark,
});

async function readJson(file: File): Promise<Imported> {
  let json: unknown;
  try {
    json = JSON.parse(await file.text());
  } catch (error) {
    const detail = { kind: 'project', what: 'project-not-json', about: file.name } as const;
    throw new Failure({ ...detail, message: 'not valid JSON' }, { cause: error });
  }
  const { fromJson } = await annotationParts();
  try {
    return checked(fromJson(json) ?? { project: json, remark: null });
  } catch (error) {
    throw aboutFile(error, file);
  }
}

/** With the name of the file; what is wrong in a ZIP or PNG is said by the library in words of its own. */
function aboutFile(error: unknown, { name }: File): Failure {
  const known = error instanceof Failure ? error.detail : { what: 'annotations-unreadable' as const };
  const message = `not a project or annotations: ${String(error)}`;
  return new Failure({ ...known, kind: 'project', about: name, message }, { cause: error });
}
