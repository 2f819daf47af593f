/** What was dropped or pasted -> files: also a picture that was dragged out of another page. */
import { Failure } from '../../shared/errors';
import { filesIn, photosOf } from './folders';

type DroppedItem = Pick<DataTransferItem, 'webkitGetAsEntry'>;

/** The part of a DataTransfer that is used here. */
export interface Dropped {
  readonly files: Iterable<File>;
  readonly items?: Iterable<DroppedItem>;
  getData(format: string): string;
}

/** Files that were dropped or pasted, those of folders too; those of pictures of other pages have to be fetched. */
export async function filesOf(dropped: Dropped, fetchFile = fetchPicture): Promise<readonly File[]> {
  // Asked before anything is waited for: afterwards the browser has forgotten.
  const entries = [...(dropped.items ?? [])].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.some(({ isDirectory }) => isDirectory)) return photosOf(await filesIn(entries));
  const files = [...dropped.files];
  if (files.length > 0) return files;
  const address = addressOf(dropped);
  if (address === null) {
    throw new Failure({ kind: 'image', what: 'drop-without-photo', message: 'neither files nor a picture' });
  }
  return [await fetchFile(address)];
}

/** Whether there is a file or picture at all; text alone is none. */
export const holdsPicture = (dropped: Dropped): boolean =>
  [...dropped.files].length > 0 || addressOf(dropped) !== null;

/** The picture in a piece of a page goes before the link around it. */
function addressOf(dropped: Dropped): string | null {
  const html = dropped.getData('text/html');
  const picture = /<img\b[^>]*?\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(html);
  const source = picture?.[1] ?? picture?.[2];
  if (source !== undefined) return source.replaceAll('&amp;', '&');
  const lines = dropped.getData('text/uri-list').split(/\r?\n/);
  return lines.find((line) => line !== '' && !line.startsWith('#')) ?? null;
}

/** Only this site's own addresses and those that hold the picture themselves; others would be asked behind the user's back. */
export async function fetchPicture(address: string): Promise<File> {
  const url = URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI) : null;
  const isNear = url !== null && (url.origin === location.origin || url.protocol === 'data:');
  const response = isNear ? await fetch(url).catch(() => null) : null;
  if (url === null || response?.ok !== true) {
    throw new Failure({
      kind: 'image',
      what: 'drop-out-of-reach',
      message: `not fetched: ${address.slice(0, 200)}`,
    });
  }
  const blob = await response.blob();
  if (!blob.type.startsWith('image/')) {
    throw new Failure({
      kind: 'image',
      what: 'drop-without-photo',
      message: `${blob.type} at ${address.slice(0, 200)}`,
    });
  }
  const name = url.protocol === 'data:' ? 'dropped picture' : (url.pathname.split('/').at(-1) ?? '');
  return new File([blob], decodeURIComponent(name) || 'dropped picture', { type: blob.type });
}
