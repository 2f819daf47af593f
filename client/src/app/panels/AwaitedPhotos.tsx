import { useState } from 'preact/hooks';
import type { AwaitedImage, PhotoIdentity } from '../../session/matching';
import type { App } from '../app';
import * as say from '../wording/page';
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
        {say.toRestore(awaited.length, isAnyOpen)}
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
          title={say.leaveOutHint}
          onClick={() => controller.forgetAwaited()}
        >
          {awaited.length === 1 ? say.leaveItOut : say.leaveThemOut}
        </button>
        <button
          type="button"
          class="action"
          title={say.notNowHint}
          onClick={() => {
            store.awaitedOpen.value = false;
          }}
        >
          {say.notNow}
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
      <strong>{name}</strong> ({width} x {height}, {say.counted(objects.length, 'object')})
      {photos.some((photo) => photo.name === name) && <p class="hint">{say.mayBeAnotherFile}</p>}
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
        aria-label={say.openPhotoThatIs(name)}
        value={chosen}
        onChange={({ currentTarget }) => setChosen(currentTarget.value)}
      >
        <option value="">{say.noneOpenPhotos}</option>
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
        {say.restoreThere}
      </button>
    </div>
  );
}
