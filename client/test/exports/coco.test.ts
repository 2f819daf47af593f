import { describe, expect, it } from 'vitest';
import { annotated } from '../../src/exports/annotated';
import { toCoco, type CocoFile } from '../../src/exports/coco';
import { EMPTY_SESSION, type Session } from '../../src/session/state';
import * as change from '../../src/session/transitions';
import { click } from '../samples';
import { withMask } from './hostileSession';

const SIZE = { height: 4, width: 6 };

/** One more object whose mask covers the first `fill` pixels of the first column. */
const masked = (session: Session, fill: number): Session =>
  withMask(session, {
    name: '',
    size: SIZE,
    pixels: Uint8Array.from({ length: 24 }, (_, i) => Number(i % 6 === 0 && i / 6 < fill)),
  });

const opened = (session = EMPTY_SESSION, name = 'cat.jpg'): Session => change.openImage(session, name, SIZE);

const coco = (session: Session, useGuesses = false): CocoFile =>
  toCoco(annotated(session).photos, { segmentation: 'rle', useGuesses });

/** Two objects: one whose name is a guess, one that the user has named. */
function guessedAndNamed(): Session {
  const session = masked(masked(opened(), 2), 4);
  const [, second] = session.images[0]?.document.objects ?? [];
  return change.relabel(session, second?.id ?? '', 'tail');
}

describe('COCO', () => {
  it('numbers the classes of the user first, in their order, whatever the photos hold', () => {
    const { photos } = annotated(guessedAndNamed());
    const classes = ['dog', 'tail'];
    const { categories, annotations } = toCoco(photos, { segmentation: 'rle', useGuesses: true, classes });
    expect(categories).toEqual([
      { id: 1, name: 'dog' },
      { id: 2, name: 'tail' },
      { id: 3, name: 'cat' },
    ]);
    expect(annotations.map(({ category_id }) => category_id)).toEqual([3, 2]);
  });

  it('has an annotation per object, with categories by the names of the user', () => {
    expect(coco(guessedAndNamed())).toEqual({
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
          attributes: { number: 1, label_origin: 'model', guess: 'cat', guess_score: 0.75 },
        },
        {
          id: 2,
          image_id: 1,
          category_id: 2,
          segmentation: { size: [4, 6], counts: [0, 4, 20] },
          area: 4,
          bbox: [0, 0, 1, 4],
          iscrowd: 0,
          attributes: { number: 2, label_origin: 'user', guess: 'cat', guess_score: 0.75 },
        },
      ],
      categories: [
        { id: 1, name: 'unlabelled' },
        { id: 2, name: 'tail' },
      ],
    });
  });

  it('has guesses as categories only when that is wanted, and says which they are', () => {
    const { categories, annotations } = coco(guessedAndNamed(), true);
    expect(categories.map(({ name }) => name)).toEqual(['cat', 'tail']);
    expect(annotations.map(({ attributes }) => attributes.label_origin)).toEqual(['model', 'user']);
  });

  it('has a guess that the user confirmed as a category', () => {
    const session = masked(opened(), 2);
    const [object] = session.images[0]?.document.objects ?? [];
    expect(coco(change.relabel(session, object?.id ?? '', 'cat')).categories).toEqual([
      { id: 1, name: 'cat' },
    ]);
  });

  it('leaves out empty masks', () => {
    expect(coco(masked(opened(), 0))).toMatchObject({ annotations: [], categories: [] });
  });

  it('tells photos of one name apart, and what they were called', () => {
    const { images } = coco(masked(opened(masked(opened(), 1)), 2));
    expect(images.map(({ file_name, original_name }) => [file_name, original_name])).toEqual([
      ['cat.jpg', undefined],
      ['cat-2.jpg', 'cat.jpg'],
    ]);
  });
});

describe('what is exported', () => {
  it('comes with a word about names that were changed', () => {
    expect(annotated(masked(opened(masked(opened(), 1)), 2)).remarks).toEqual([
      'A photo called “cat.jpg” is “cat-2.jpg” in the file',
    ]);
  });

  it('comes with a word about objects that wait, and has their last mask', () => {
    const session = change.addPrompt(masked(opened(), 2), click(1, 1), 0);
    const { photos, remarks } = annotated(change.addPrompt(change.newObject(session), click(2, 2), 0));
    expect(photos[0]?.objects.map(({ number }) => number)).toEqual([1]);
    expect(remarks).toEqual(['2 objects still wait for an answer']);
  });

  it('has no drafts', () => {
    const session = masked(opened(), 2);
    const [[step, result] = []] = [...session.results];
    const draft = step && result ? change.recordResult(session, step, { ...result, isDraft: true }) : session;
    expect(annotated(draft)).toMatchObject({
      photos: [{ objects: [] }],
      remarks: [expect.stringMatching(/waits/)],
    });
  });
});
