import type { App } from '../app';
import { KeptWorks } from '../panels/KeptWorks';
import { SampleStrip } from '../panels/SamplePhotos';
import { SAMPLES } from '../photos/samples';
import './Welcome.css';

export function Welcome({ app }: { readonly app: App }) {
  return (
    <div class="welcome">
      <h2>Drop a photo here</h2>
      <p>
        or open or paste one. It is encoded once on the server; after that every click is answered in this
        browser, without the network.
      </p>
      <KeptWorks app={app} />
      <p class="hint">No photo at hand? Take one of these:</p>
      <SampleStrip app={app} />
      <p class="credits">{SAMPLES.map(({ name, credit }) => `${name}: ${credit}`).join(' · ')}</p>
    </div>
  );
}
