import type { EmbedProgress } from '../../api/embeddings';
import { sayFailure, sayWhatHappened } from '../../shared/failures';
import type { App } from '../app';
import type { Readiness, Store } from '../state/store';
import './EmbeddingProgress.css';

/** What is missing until the photo answers clicks; nothing once it does. */
export function EmbeddingProgress({ app: { store, controller } }: { readonly app: App }) {
  const image = store.activeImage.value;
  const readiness = store.activePhoto.value?.readiness;
  if (image === null || readiness === undefined || readiness.phase === 'ready') return null;
  const waiting = waitingPrompts(store);
  const { text, fraction } = describe(readiness);
  return (
    <div class={readiness.phase === 'failed' ? 'progress failed' : 'progress'}>
      <p>{text}</p>
      {readiness.phase === 'failed' ? (
        <button type="button" class="action primary" onClick={() => controller.retry(image.id)}>
          Try again
        </button>
      ) : (
        <>
          <progress aria-label={text} {...(fraction === null ? {} : { value: fraction, max: 1 })} />
          {readiness.phase === 'embedding' && (
            <button type="button" class="action" onClick={() => controller.cancelEmbedding(image.id)}>
              Cancel
            </button>
          )}
        </>
      )}
      {waiting > 0 && (
        <p class="hint">
          {waiting === 1 ? '1 prompt is kept' : `${waiting} prompts are kept`} and will be answered.
        </p>
      )}
    </div>
  );
}

interface Description {
  readonly text: string;
  /** 0 to 1, or null when it is not known. */
  readonly fraction: number | null;
}

function describe(readiness: Exclude<Readiness, { phase: 'ready' }>): Description {
  switch (readiness.phase) {
    case 'embedding':
      return describeProgress(readiness.progress);
    case 'preparing':
    case 'opening':
      return { text: 'Preparing the decoder', fraction: null };
    case 'failed':
      return { text: sayFailure(readiness.error), fraction: null };
  }
}

function describeProgress(progress: EmbedProgress): Description {
  switch (progress.phase) {
    case 'upload':
      return { text: 'Sending the photo', fraction: progress.fraction };
    case 'wait':
      return { text: 'The server encodes the photo', fraction: null };
    case 'download':
      return { text: 'Receiving the embedding', fraction: progress.fraction };
    case 'retry':
      return {
        text: `${sayWhatHappened(progress.reason)}; next try in ${Math.ceil(progress.seconds)} s`,
        fraction: null,
      };
  }
}

function waitingPrompts({ activeImage, session }: Store): number {
  const steps = activeImage.value?.document.objects.flatMap((object) => object.steps) ?? [];
  return steps.filter(({ id }) => !session.value.results.has(id)).length;
}
