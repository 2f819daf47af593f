import { expect, it } from 'vitest';
import { toCoco } from '../../src/exports/coco';
import { fileName } from '../../src/exports/download';
import { EMPTY_SESSION, nextPending, type Session } from '../../src/session/state';
import * as change from '../../src/session/transitions';
import { click, stepResult } from '../samples';

const SIZE = { height: 4, width: 6 };

function answered(session: Session, fill: number): Session {
  const pending = nextPending(
    change.addPrompt(session, click(1, 1), 0),
    () => true,
    () => true,
  );
  if (pending === null) throw new Error('nothing to answer');
  const prompted = change.addPrompt(session, click(1, 1), 0);
  return change.recordResult(prompted, pending.step.id, stepResult({ fill, size: SIZE }));
}

it('writes an annotation per object, with categories by label', () => {
  let session = answered(change.openImage(EMPTY_SESSION, 'cat.jpg', SIZE), 2);
  session = answered(change.newObject(session), 4);
  const [, second] = session.images[0]?.document.objects ?? [];
  session = change.relabel(session, second?.id ?? '', 'tail');
  expect(toCoco(session)).toEqual({
    info: { description: 'Made with splitseem' },
    images: [{ id: 1, file_name: 'cat.jpg', width: 6, height: 4 }],
    annotations: [
      {
        id: 1,
        image_id: 1,
        category_id: 1,
        segmentation: { size: [4, 6], counts: [0, 2, 22] },
        area: 2,
        bbox: [0, 0, 1, 2],
        iscrowd: 0,
      },
      {
        id: 2,
        image_id: 1,
        category_id: 2,
        segmentation: { size: [4, 6], counts: [0, 4, 20] },
        area: 4,
        bbox: [0, 0, 1, 4],
        iscrowd: 0,
      },
    ],
    categories: [
      { id: 1, name: 'cat' },
      { id: 2, name: 'tail' },
    ],
  });
});

it('leaves out empty masks', () => {
  const session = answered(change.openImage(EMPTY_SESSION, 'cat.jpg', SIZE), 0);
  expect(toCoco(session)).toMatchObject({ annotations: [], categories: [] });
});

it.each([
  ['cat.jpg', 'cat-mask.png'],
  ['my cat/dog?.jpeg', 'my-cat-dog--mask.png'],
  ['.png', 'image-mask.png'],
])('names files after the photo %s', (image, expected) => {
  expect(fileName(image, 'mask.png')).toBe(expected);
});
