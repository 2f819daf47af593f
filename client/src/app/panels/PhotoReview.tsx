import type { ImageState } from '../../session/state';
import { STATE_NAMES, stateOf } from '../../session/review';
import { MAX_LABEL } from '../../session/transitions';
import type { PhotoMark } from '../../shared/types';
import type { App } from '../app';
import { keyTexts } from '../tools/keyMap';
import { markShown, noteOnShown } from '../tools/photoActions';
import * as say from '../wording/page';

const MARKS: readonly PhotoMark[] = ['done', 'checked', 'rejected'];

/** What the user says of the photo that is shown. */
export function PhotoReview({ app, image }: { readonly app: App; readonly image: ImageState }) {
  const { mark, note } = image.document.review;
  const key = keyTexts(app, 'finish');
  const unmarked = stateOf({ ...image, document: { ...image.document, review: { mark: null, note } } });
  return (
    <div class="photo-review">
      <select
        aria-label={say.stateOfThePhoto}
        title={key === '' ? undefined : say.doneByKey(key)}
        value={mark ?? ''}
        onChange={({ currentTarget: { value } }) =>
          markShown(app, MARKS.find((other) => other === value) ?? null)
        }
      >
        <option value="">{STATE_NAMES[unmarked]}</option>
        {MARKS.map((value) => (
          <option key={value} value={value}>
            {STATE_NAMES[value]}
          </option>
        ))}
      </select>
      <input
        type="text"
        aria-label={say.noteOnThePhoto}
        placeholder={mark === 'rejected' ? say.why : say.note}
        maxLength={MAX_LABEL}
        value={note}
        onChange={({ currentTarget }) => noteOnShown(app, currentTarget.value)}
      />
    </div>
  );
}
