import type { App } from '../app';
import { useLater } from '../parts/useLater';
import { SampleStrip } from '../panels/SamplePhotos';
import { SAMPLES } from '../photos/samples';
import * as say from '../wording/page';
import './Welcome.css';

export function Welcome({ app }: { readonly app: App }) {
  return (
    <div class="welcome">
      <h2>{say.dropAPhotoHere}</h2>
      <p>{say.welcome}</p>
      <LaterKeptWorks app={app} />
      <p class="hint">{say.noPhotoAtHand}</p>
      <SampleStrip app={app} />
      <p class="credits">{SAMPLES.map(({ name, credit }) => `${name}: ${credit}`).join(' · ')}</p>
    </div>
  );
}

function LaterKeptWorks({ app }: { readonly app: App }) {
  const isAsked = app.store.kept.value.length > 0;
  const later = useLater(app, () => import('../panels/KeptWorks'), { isWanted: isAsked, isAsked });
  return later && <later.KeptWorks app={app} />;
}
