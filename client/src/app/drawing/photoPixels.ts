/**
 * The pixels of photos that are in memory: an overview of each that was shown lately, and of the shown one the part
 * that is in sight, once that is magnified. The rest is decoded again from the file when it is needed.
 */
import { effect, untracked } from '@preact/signals';
import { decodePart, decodeWhole } from '../../pixels/decodePhoto';
import { OVERVIEW_PIXELS, shrunk, sizeBy, type Detail } from '../photos/pixels';
import { covers, visibleRegion } from '../../canvas/layerFrame';
import type { Picture } from '../../canvas/layers';
import type { Region } from '../../canvas/maskGrid';
import type { ImageId } from '../../session/state';
import type { SizeHw } from '../../shared/types';
import type { ClientError } from '../../shared/errors';
import type { Photo } from '../photos/photo';
import { nearPhotos } from '../state/ahead';
import { saidWhileReading } from '../state/reading';
import type { OpenPhoto, Store } from '../state/store';

/** Of all overviews together, those of the shown photo and of the ones after it aside. */
const MOST_OVERVIEW_PIXELS = 12_000_000;
const MOST_OVERVIEWS = 5;

/** Of the magnified part. */
const DETAIL_PIXELS = 8_000_000;

/** Milliseconds for which the view rests before its pixels are decoded. */
const SETTLED_AFTER = 150;

/** Of the view's width and height, on each side. */
const MARGIN = 0.25;

/** What is there of a photo, from back to front. */
export function picturesOf({ photo }: OpenPhoto, detail: Detail | null): readonly Picture[] {
  const { file, bitmap, size } = photo;
  return [
    ...(bitmap === null ? [] : [{ pixels: bitmap, region: { x: 0, y: 0, ...size } }]),
    ...(detail?.file === file ? [detail] : []),
  ];
}

/** Keep in memory what is shown or will be soon, and close what is not; returns what stops that. */
export function keepPixels(store: Store, onError: (error: ClientError) => void): () => void {
  const shown: ImageId[] = []; // the one shown last is last
  const stopOverviews = effect(() => {
    const { images, activeImage: id } = store.session.value;
    const photos = store.photos.value;
    if (id === null) return;
    if (shown.at(-1) !== id) shown.splice(0, shown.length, ...shown.filter((other) => other !== id), id);
    const near = nearPhotos({ images, activeImage: id });
    untracked(() => {
      closeOthers(store, photos, shown, near);
      const missing = near.find((other) => needsPixels(photos.get(other)));
      const photo = photos.get(missing ?? '')?.photo;
      if (missing !== undefined && photo !== undefined) void reopen(store, missing, photo, onError);
    });
  });
  const stopDetail = keepDetail(store);
  return () => {
    stopOverviews();
    stopDetail();
  };
}

function closeOthers(
  store: Store,
  photos: Store['photos']['value'],
  shown: readonly ImageId[],
  near: readonly ImageId[],
): void {
  const byAge = [...photos.keys()].sort((a, b) => shown.indexOf(b) - shown.indexOf(a));
  let [pixels, count] = [0, 0];
  const closed: ImageId[] = [];
  for (const id of byAge) {
    const bitmap = photos.get(id)?.photo.bitmap;
    if (!bitmap || near.includes(id)) continue;
    pixels += bitmap.width * bitmap.height;
    count++;
    if (pixels > MOST_OVERVIEW_PIXELS || count > MOST_OVERVIEWS) closed.push(id);
  }
  for (const id of closed) setBitmap(store, id, null);
}

/** Those that cannot be decoded stay here. */
const reopening = new WeakSet<Blob>();

const needsPixels = (open: OpenPhoto | undefined): boolean =>
  open?.photo.bitmap === null && !reopening.has(open.photo.file);

/** Photos whose pixels cannot be decoded are tried once, and told of. */
async function reopen(
  store: Store,
  id: ImageId,
  { file, name }: Photo,
  onError: (error: ClientError) => void,
): Promise<void> {
  reopening.add(file);
  try {
    const read = async (): Promise<ImageBitmap> => shrunk(await decodeWhole(file), OVERVIEW_PIXELS);
    // Those that come next are read while nobody waits.
    const isShown = store.session.value.activeImage === id;
    const bitmap = await (isShown ? saidWhileReading(store, name, read) : read());
    reopening.delete(file);
    if (store.photos.value.get(id)?.photo.file === file) setBitmap(store, id, bitmap);
    else bitmap.close();
  } catch (thrown) {
    onError({ kind: 'image', what: 'photo-unreadable', about: name, message: String(thrown) });
  }
}

function setBitmap({ photos }: Store, id: ImageId, bitmap: ImageBitmap | null): void {
  const open = photos.value.get(id);
  if (open === undefined) return;
  open.photo.bitmap?.close();
  photos.value = new Map(photos.value).set(id, { ...open, photo: { ...open.photo, bitmap } });
}

/** Decode what is in sight when the overview has too few pixels for it, once the view rests. */
function keepDetail(store: Store): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDecoding = false;
  const sharpen = async (): Promise<void> => {
    const wanted = wantedDetail(store);
    if (isDecoding || wanted === null || isGoodFor(store.detail.value, wanted)) return;
    isDecoding = true;
    try {
      setDetail(store, await decodeDetail(wanted));
    } finally {
      isDecoding = false;
    }
    await sharpen(); // the view may have moved meanwhile
  };
  const stop = effect(() => {
    const { viewport, canvasSize, activePhoto } = store;
    const [file] = [activePhoto.value?.photo.file, viewport.value, canvasSize.value];
    untracked(() => {
      if (store.detail.value !== null && store.detail.value.file !== file) setDetail(store, null);
      clearTimeout(timer);
      timer = setTimeout(() => void sharpen(), SETTLED_AFTER);
    });
  });
  return () => {
    stop();
    clearTimeout(timer);
    setDetail(store, null);
  };
}

function setDetail({ detail, activePhoto }: Store, next: Detail | null): void {
  detail.value?.pixels.close();
  const isShown = next !== null && activePhoto.value?.photo.file === next.file;
  if (!isShown) next?.pixels.close();
  detail.value = isShown ? next : null;
}

interface WantedDetail {
  readonly file: Blob;
  readonly size: SizeHw;
  readonly inSight: Region;
  readonly region: Region;
  readonly scale: number;
}

/** Null while the overview is enough. */
function wantedDetail({ activePhoto, viewport, canvasSize }: Store): WantedDetail | null {
  const photo = activePhoto.value?.photo;
  if (!photo?.bitmap || canvasSize.value.width === 0) return null;
  const { size, bitmap, file } = photo;
  const needed = Math.min(viewport.value.scale * window.devicePixelRatio, 1);
  if (needed <= bitmap.width / size.width) return null;
  const regionWith = (margin: number): Region =>
    visibleRegion(viewport.value, canvasSize.value, size, margin);
  const region = regionWith(MARGIN);
  const most = Math.sqrt(DETAIL_PIXELS / (region.width * region.height));
  return { file, size, inSight: regionWith(0), region, scale: Math.min(needed, most) };
}

const isGoodFor = (detail: Detail | null, { file, inSight, scale }: WantedDetail): boolean =>
  detail?.file === file && detail.scale >= scale && covers(detail.region, inSight);

async function decodeDetail({ file, size, region, scale }: WantedDetail): Promise<Detail> {
  const pixels = await decodePart(file, size, region, sizeBy(region, scale));
  return { file, pixels, region, scale };
}
