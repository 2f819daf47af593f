/** Polygons that are the mask as they are drawn, pixel by pixel: no decoder is asked. */
import { activeObjectOf, resultOf, type Session } from '../../session/state';
import { painted, runsOf } from '../../shared/prompt/brush';
import { emptyMask } from '../../shared/prompt/edits';
import { rasterise } from '../../shared/prompt/rasterise';
import type { PolygonItem } from '../../shared/generated';
import type { PromptItem } from '../../shared/types';
import type { Store } from '../state/store';
import { untilTrue } from '../state/untilTrue';

/** What a polygon is given to; null: a new object. */
interface Target {
  readonly image: string;
  readonly object: string | null;
}

/**
 * The mask that the selected object has with a polygon, or without a negative one, as a prompt. It waits until all
 * prompts before it are answered for good; null where the object is gone by then.
 */
export async function drawnMask(store: Store, outline: PolygonItem): Promise<PromptItem | null> {
  const target = targetOf(store.session.value);
  if (target === null) return null;
  await untilAnswered(store, target);
  const session = store.session.value;
  const now = targetOf(session);
  const image = store.activeImage.value;
  if (image === null || now?.image !== target.image || now.object !== target.object) return null;
  const object = activeObjectOf(image);
  const before = (object && resultOf(session, object)?.mask) ?? emptyMask(image.size);
  const inside = rasterise([outline.points_xy.flat()], image.size);
  return { kind: 'mask', ...painted(before, runsOf(inside), outline.label ?? 1) };
}

function targetOf({ activeImage, images }: Session): Target | null {
  const image = images.find(({ id }) => id === activeImage);
  return image === undefined ? null : { image: image.id, object: image.document.activeObject };
}

/** Settles when the object has no prompt that waits, or is no longer the selected one. */
async function untilAnswered({ session, failedSteps }: Store, target: Target): Promise<void> {
  await untilTrue(() => {
    const now = targetOf(session.value);
    if (now?.image !== target.image || now.object !== target.object) return true;
    const objects = session.value.images.flatMap(({ document }) => document.objects);
    const steps = objects.find(({ id }) => id === target.object)?.steps ?? [];
    return steps.every(({ id }, index) => {
      const result = session.value.results.get(id);
      const isLast = index === steps.length - 1;
      if (failedSteps.value.has(id)) return true;
      return result?.isDraft === false && !(isLast && result.isCoarse === true);
    });
  });
}
