import { useState } from 'preact/hooks';
import { PHOTO_STATES, STATE_NAMES, stateOf, type PhotoState } from '../../session/review';
import type { ImageState } from '../../session/state';
import type { App } from '../app';
import { Icon } from '../parts/icons';
import { showNextToDo } from '../tools/photoActions';
import { PhotoReview } from './PhotoReview';
import { Thumbnail } from './Thumbnail';
import * as say from '../wording/page';
import './OpenPhotos.css';

/** The photos that are open, with what has become of each; one of them is shown. */
export function OpenPhotos({ app }: { readonly app: App }) {
  const [wanted, want] = useState<PhotoState | null>(null);
  const { images } = app.store.session.value;
  const shown = app.store.activeImage.value;
  if (images.length === 0) return null;
  const seen = images.filter((image) => wanted === null || stateOf(image) === wanted);
  return (
    <section class="section">
      <h2>{say.photos}</h2>
      <div class="photo-tools">
        <StateFilter images={images} wanted={wanted} onWant={want} />
        <button type="button" class="action" onClick={() => showNextToDo(app)}>
          {say.nextToDo}
        </button>
      </div>
      {shown && <PhotoReview key={shown.id} app={app} image={shown} />}
      <ul class="photos" aria-label={say.photos}>
        {seen.map((image) => (
          <PhotoItem key={image.id} app={app} image={image} isShown={image === shown} />
        ))}
      </ul>
      {seen.length === 0 && <p class="hint">{say.noPhotoOfState}</p>}
    </section>
  );
}

interface FilterProps {
  readonly images: readonly ImageState[];
  readonly wanted: PhotoState | null;
  readonly onWant: (state: PhotoState | null) => void;
}

function StateFilter({ images, wanted, onWant }: FilterProps) {
  const states = images.map(stateOf);
  return (
    <select
      aria-label={say.whichPhotos}
      value={wanted ?? ''}
      onChange={({ currentTarget: { value } }) =>
        onWant(PHOTO_STATES.find((state) => state === value) ?? null)
      }
    >
      <option value="">{say.allOf(images.length)}</option>
      {PHOTO_STATES.map((state) => (
        <option key={state} value={state}>
          {STATE_NAMES[state]} ({states.filter((other) => other === state).length})
        </option>
      ))}
    </select>
  );
}

interface ItemProps {
  readonly app: App;
  readonly image: ImageState;
  readonly isShown: boolean;
}

function PhotoItem({ app, image, isShown }: ItemProps) {
  const { store, controller } = app;
  const { name, size, document } = image;
  const open = store.photos.value.get(image.id);
  const state = stateOf(image);
  return (
    <li class={isShown ? 'photo active' : 'photo'}>
      <button
        type="button"
        aria-current={isShown}
        title={`${name}, ${size.width} x ${size.height}`}
        onClick={() => controller.activateImage(image.id)}
      >
        {open && <Thumbnail photo={open.photo} />}
        <span>{name}</span>
      </button>
      <span class={`photo-state ${state}`} title={document.review.note}>
        {STATE_NAMES[state]}
      </span>
      <button
        type="button"
        class="quiet"
        aria-label={say.closePhoto(name)}
        title={say.close}
        onClick={() => controller.closeImage(image.id)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
