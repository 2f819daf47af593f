import type { EmbedProgress } from '../../api/embeddings';
import { isServerGone } from '../../shared/errors';
import { sayFailure, sayWhatHappened } from '../../shared/failures';
import type { App } from '../app';
import { phaseOf, type Readiness, type Store } from '../state/store';
import { wantedParts } from '../steps/parts';
import { endSharpening, sharpPartOf } from '../tools/sharpActions';
import * as say from '../wording/page';
import './EmbeddingProgress.css';

/** A file that is being read, first; then what is missing until the photo, and its part in full detail, answer clicks; nothing once they do. */
export function EmbeddingProgress({ app }: { readonly app: App }) {
  const { store, controller } = app;
  const read = store.reading.value.at(-1);
  if (read !== undefined) return <Reading name={read.name} />;
  const image = store.activeImage.value;
  const readiness = store.activePhoto.value?.readiness;
  if (image === null || readiness === undefined) return null;
  if (readiness.phase !== 'ready')
    return (
      <Progress
        store={store}
        readiness={readiness}
        again={() => controller.retry(image.id)}
        cancel={() => controller.cancelEmbedding(image.id)}
      />
    );
  const part = wantedParts(store).find((one) => one.image === image.id && phaseOf(store, one.id) !== 'ready');
  const ofPart = part && store.parts.value.get(part.id);
  if (part === undefined || ofPart === undefined || ofPart.phase === 'ready') return null;
  return (
    <Progress
      store={store}
      title={say.partInFullDetail}
      readiness={ofPart}
      again={() => controller.retryParts()}
      cancel={() => {
        controller.cancelPart(part.id);
        endSharpening(app);
      }}
      {...(sharpPartOf(store) !== null && { leave: () => endSharpening(app) })}
    />
  );
}

function Reading({ name }: { readonly name: string }) {
  const text = say.readingFile(name);
  return (
    <div class="progress">
      <p>{text}</p>
      <progress aria-label={text} />
    </div>
  );
}

interface ProgressProps {
  readonly store: Store;
  readonly title?: string;
  readonly readiness: Exclude<Readiness, { phase: 'ready' }>;
  readonly again: () => void;
  readonly cancel: () => void;
  /** Do without it, once it has failed. */
  readonly leave?: () => void;
}

function Progress({ store, title, readiness, again, cancel, leave }: ProgressProps) {
  const waiting = waitingPrompts(store);
  const { text, fraction } = describe(readiness, store.isOffline.value);
  return (
    <div class={readiness.phase === 'failed' ? 'progress failed' : 'progress'}>
      <p>{title === undefined ? text : say.of(title, text)}</p>
      {readiness.phase === 'failed' ? (
        <>
          <button type="button" class="action primary" onClick={again}>
            {say.tryAgain}
          </button>
          {leave !== undefined && (
            <button type="button" class="action" onClick={leave}>
              {say.wholePhoto}
            </button>
          )}
        </>
      ) : (
        <>
          <progress aria-label={text} {...(fraction === null ? {} : { value: fraction, max: 1 })} />
          {readiness.phase === 'embedding' && (
            <button type="button" class="action" onClick={cancel}>
              {say.cancel}
            </button>
          )}
        </>
      )}
      {waiting > 0 && <p class="hint">{say.promptsKept(waiting)}</p>}
    </div>
  );
}

interface Description {
  readonly text: string;
  /** 0 to 1, or null when it is not known. */
  readonly fraction: number | null;
}

function describe(readiness: Exclude<Readiness, { phase: 'ready' }>, isOffline: boolean): Description {
  switch (readiness.phase) {
    case 'embedding':
      return describeProgress(readiness.progress);
    case 'preparing':
    case 'opening':
      return { text: say.preparingTheDecoder, fraction: null };
    case 'failed':
      return {
        text: isOffline && isServerGone(readiness.error) ? say.waitsForServer : sayFailure(readiness.error),
        fraction: null,
      };
  }
}

function describeProgress(progress: EmbedProgress): Description {
  switch (progress.phase) {
    case 'shrink':
      return { text: say.makingThePhotoSmaller, fraction: null };
    case 'upload':
      return { text: say.sendingThePhoto, fraction: progress.fraction };
    case 'wait':
      return { text: say.serverEncodesPhoto, fraction: null };
    case 'download':
      return { text: say.receivingTheEmbedding, fraction: progress.fraction };
    case 'retry':
      return {
        text: say.nextTry(sayWhatHappened(progress.reason), Math.ceil(progress.seconds)),
        fraction: null,
      };
  }
}

function waitingPrompts({ activeImage, session }: Store): number {
  const steps = activeImage.value?.document.objects.flatMap((object) => object.steps) ?? [];
  return steps.filter(({ id }) => !session.value.results.has(id)).length;
}
