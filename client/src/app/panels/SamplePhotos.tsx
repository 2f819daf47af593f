import { toClientError } from '../../shared/errors';
import type { App } from '../app';
import { SAMPLES, fetchSample, type Sample } from '../photos/samples';
import * as say from '../wording/page';
import './SamplePhotos.css';

export function Samples({ app }: { readonly app: App }) {
  return (
    <section class="section">
      <h2>{say.samplePhotos}</h2>
      <SampleStrip app={app} />
    </section>
  );
}

export function SampleStrip({ app }: { readonly app: App }) {
  return (
    <ul class="samples" aria-label={say.samplePhotos}>
      {SAMPLES.map((sample) => (
        <li>
          <button
            type="button"
            aria-label={say.openSample(sample.name)}
            title={`${sample.subject}. ${sample.credit}`}
            onClick={() => void openSample(app, sample)}
          >
            <img src={`./samples/${sample.file}`} alt="" loading="lazy" />
          </button>
        </li>
      ))}
    </ul>
  );
}

async function openSample({ controller }: App, sample: Sample): Promise<void> {
  try {
    await controller.openFiles([new File([await fetchSample(sample)], sample.file)]);
  } catch (error) {
    controller.report(toClientError(error, 'network'));
  }
}
