import { useState } from 'preact/hooks';
import type { AwaitedImage, PhotoIdentity } from '../../session/matching';
import type { App } from '../app';
import './AwaitedPhotos.css';

/**
 * A saved project holds no pixels: say which photos it needs.
 *
 * Where an open photo may be one of them, but nothing proves it, the user says which.
 */
export function AwaitedPhotos({ app }: { readonly app: App }) {
  const { store, controller } = app;
  const awaited = store.awaited.value;
  if (awaited.length === 0 || !store.awaitedOpen.value) return null;
  const isAnyOpen = awaited.some((image) => controller.candidates(image).length > 0);
  return (
    <div class="awaited" role="dialog" aria-labelledby="awaited-heading">
      <p id="awaited-heading" role="alert">
        To restore the project, open {awaited.length === 1 ? 'its photo' : 'its photos'}
        {isAnyOpen ? ', or say which open photo it is:' : ':'}
      </p>
      <ul>
        {awaited.map((image) => (
          <AwaitedPhoto key={image} app={app} image={image} />
        ))}
      </ul>
      <div class="dialog-actions">
        <button
          type="button"
          class="action"
          title="Forget the objects of these photos"
          onClick={() => controller.forgetAwaited()}
        >
          {awaited.length === 1 ? 'Leave it out' : 'Leave them out'}
        </button>
        <button
          type="button"
          class="action"
          title="Their objects stay in the project and come when the photos are opened"
          onClick={() => {
            store.awaitedOpen.value = false;
          }}
        >
          Not now
        </button>
      </div>
    </div>
  );
}

interface Props {
  readonly app: App;
  readonly image: AwaitedImage;
}

function AwaitedPhoto({ app: { controller }, image }: Props) {
  const { name, size_hw, objects } = image.saved;
  const [height, width] = size_hw;
  const photos = controller.candidates(image);
  return (
    <li>
      <strong>{name}</strong> ({width} x {height},{' '}
      {objects.length === 1 ? '1 object' : `${objects.length} objects`})
      {photos.some((photo) => photo.name === name) && (
        <p class="hint">The open photo of this name may be another file than the one that was saved.</p>
      )}
      {photos.length > 0 && (
        <Choice name={name} photos={photos} onChoose={(photo) => controller.assignAwaited(image, photo)} />
      )}
    </li>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly photos: readonly PhotoIdentity[];
  readonly onChoose: (photo: string) => void;
}

/** Open photos of the same size; that of the same name stands first. */
function Choice({ name, photos, onChoose }: ChoiceProps) {
  const [chosen, setChosen] = useState('');
  const sorted = photos.toSorted((a, b) => Number(b.name === name) - Number(a.name === name));
  return (
    <div class="awaited-choice">
      <select
        aria-label={`Open photo that is ${name}`}
        value={chosen}
        onChange={({ currentTarget }) => setChosen(currentTarget.value)}
      >
        <option value="">None of the open photos</option>
        {sorted.map((photo) => (
          <option key={photo.id} value={photo.id}>
            {photo.name}
          </option>
        ))}
      </select>
      <button
        type="button"
        class="action"
        disabled={!photos.some(({ id }) => id === chosen)}
        onClick={() => onChoose(chosen)}
      >
        Restore there
      </button>
    </div>
  );
}
