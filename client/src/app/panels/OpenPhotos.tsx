import { useEffect, useRef } from 'preact/hooks';
import { toClientError } from '../../shared/errors';
import type { App } from '../app';
import { Icon } from '../parts/icons';
import { SAMPLES, fetchSample, type Sample } from '../photos/samples';
import './OpenPhotos.css';

/** The photos that are open; one of them is shown. */
export function OpenPhotos({ app: { store, controller } }: { readonly app: App }) {
  const { images, activeImage } = store.session.value;
  if (images.length === 0) return null;
  return (
    <section class="section">
      <h2>Photos</h2>
      <ul class="photos" aria-label="Photos">
        {images.map((image) => {
          const open = store.photos.value.get(image.id);
          return (
            <li key={image.id} class={image.id === activeImage ? 'photo active' : 'photo'}>
              <button
                type="button"
                aria-current={image.id === activeImage}
                title={`${image.name}, ${image.size.width} x ${image.size.height}`}
                onClick={() => controller.activateImage(image.id)}
              >
                {open && <Thumbnail bitmap={open.photo.bitmap} />}
                <span>{image.name}</span>
              </button>
              <button
                type="button"
                class="quiet"
                aria-label={`Close ${image.name}`}
                title="Close"
                onClick={() => controller.closeImage(image.id)}
              >
                <Icon name="close" />
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const THUMBNAIL = 72;

function Thumbnail({ bitmap }: { readonly bitmap: ImageBitmap | null }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!bitmap || bitmap.width === 0 || !context) return;
    const scale = Math.max(THUMBNAIL / bitmap.width, THUMBNAIL / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    context.drawImage(bitmap, (THUMBNAIL - width) / 2, (THUMBNAIL - height) / 2, width, height);
  }, [bitmap]);
  return <canvas ref={canvas} width={THUMBNAIL} height={THUMBNAIL} aria-hidden="true" />;
}

export function Samples({ app }: { readonly app: App }) {
  return (
    <section class="section">
      <h2>Sample photos</h2>
      <SampleStrip app={app} />
    </section>
  );
}

export function SampleStrip({ app }: { readonly app: App }) {
  return (
    <ul class="samples" aria-label="Sample photos">
      {SAMPLES.map((sample) => (
        <li>
          <button
            type="button"
            aria-label={`Open sample ${sample.name}`}
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
