/** The mask of a step with the edges of the photo's own pixels, after the one of the decoder's cells. */
import { aborted, Failure } from '../../shared/errors';
import type { WorkerCalls } from '../../shared/messages';
import { applyEdits } from '../../shared/prompt/edits';
import { holdPixels } from '../../shared/rle';
import type { CocoRle } from '../../shared/types';
import { heldPixels } from '../mask/photo/heldPixels';
import type { PhotoPyramid } from '../mask/photo/pyramid';
import { snapping } from '../mask/photo/snapping';
import { maskAgain } from './answering';
import type { Decoder } from './decoder';
import type { PreparedImage } from './preparedImage';

type Slice = <T>(work: () => Promise<T>) => Promise<T>;

/** In slices, until the signal is given. A pure function of what the step left behind and of the photo. */
export async function sharpened(
  decoder: Pick<Decoder, 'manifest'>,
  { image, pyramid }: { readonly image: PreparedImage; readonly pyramid: PhotoPyramid },
  { maskLogits, points, strokes = [] }: Omit<WorkerCalls['sharpen']['args'], 'imageId' | 'photo'>,
  slice: Slice,
  signal: AbortSignal,
): Promise<CocoRle> {
  const inTurn = async <T>(work: () => T): Promise<T> =>
    slice(async () => {
      if (signal.aborted) throw new Failure(aborted());
      return Promise.resolve(work());
    });
  const { geometry } = image;
  const coarse = await inTurn(() => maskAgain(decoder, image, maskLogits, points));
  if (coarse === null)
    throw new Failure({ kind: 'decoder', message: 'nothing of this model or canvas to sharpen' });
  const held = heldPixels(points, geometry);
  const levels = snapping(coarse, pyramid, geometry, held);
  for (;;) {
    const { value, done } = await inTurn(() => levels.next());
    if (done === true) return applyEdits(holdPixels(value, held), strokes);
  }
}
