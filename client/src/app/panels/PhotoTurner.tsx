import type { App } from '../app';
import { Icon } from '../parts/icons';
import { titles } from '../tools/keyMap';
import { neighbourOf, showNeighbour } from '../tools/photoActions';
import * as say from '../wording/page';
import './PhotoTurner.css';

/** The way to the photos before and after the one that is shown. */
export function PhotoTurner({ app }: { readonly app: App }) {
  const { images, activeImage } = app.store.session.value;
  if (images.length === 0) return null;
  const place = images.findIndex(({ id }) => id === activeImage) + 1;
  return (
    <div class="photo-turner" role="group" aria-label={say.photo}>
      <TurnButton app={app} by={-1} name={say.previousPhoto} row="previous-photo" title={say.photoBefore} />
      <span class="photo-place">{say.placeOf(place, images.length)}</span>
      <TurnButton app={app} by={1} name={say.nextPhoto} row="next-photo" title={say.photoAfter} />
    </div>
  );
}

interface TurnProps {
  readonly app: App;
  readonly by: -1 | 1;
  readonly name: string;
  readonly row: string;
  readonly title: string;
}

const TurnButton = ({ app, by, name, row, title }: TurnProps) => (
  <button
    type="button"
    class="quiet"
    aria-label={name}
    {...titles(app, row, title)}
    disabled={neighbourOf(app, by) === null}
    onClick={() => showNeighbour(app, by)}
  >
    <Icon name={by < 0 ? 'before' : 'after'} />
  </button>
);
