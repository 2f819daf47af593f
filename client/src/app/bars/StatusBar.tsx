import { isServerGone } from '../../shared/errors';
import { sayFailure } from '../../shared/failures';
import { WORKER_STAGES } from '../../shared/stages';
import type { App } from '../app';
import type { DecoderState, Store } from '../state/store';
import { timingsOfStep } from '../steps/timings';
import * as say from '../wording/page';
import './StatusBar.css';

/**
 * Model, execution provider, threads, last latency, and what went wrong. It is there to be looked at: what is read out
 * is in `SpokenRegion`. On low screens it is scrolled, by keys too.
 */
export function StatusBar({ app: { store } }: { readonly app: App }) {
  const fault = store.error.value ?? readinessError(store);
  // That there is no server is said once, for as long as it holds.
  const error = fault !== null && store.isOffline.value && isServerGone(fault) ? null : fault;
  return (
    <div class="status" role="status" aria-live="off" aria-label={say.status} tabIndex={0}>
      {describeDecoder(store.decoder.value).map((text) => (
        <span>{text}</span>
      ))}
      <Latency store={store} />
      {describeLookup(store).map((text) => (
        <span class="notice">{text}</span>
      ))}
      {error !== null && (
        <span class="error" title={error.message}>
          {say.error(sayFailure(error))}
        </span>
      )}
      <SavedMark store={store} />
      {error === null && store.notice.value !== null && <span class="notice">{store.notice.value}</span>}
    </div>
  );
}

/** Whether a reload would lose anything. */
function SavedMark({ store }: { readonly store: Store }) {
  const saved = store.saved.value;
  if (store.session.value.images.length === 0 || saved.phase === 'nothing') return null;
  if (saved.phase === 'failed') return <span class="error">{sayFailure(saved.error)}</span>;
  return (
    <>
      <span class="saved" title={say.savedHint}>
        {saved.phase === 'saved' ? say.saved : say.saving}
      </span>
      {store.needsServer.value && <span title={say.needsServerHint}>{say.needsServer}</span>}
    </>
  );
}

function Latency({ store }: { readonly store: Store }) {
  const timings = store.lastStep.value === null ? null : timingsOfStep(store, store.lastStep.value);
  if (timings === null) return null;
  const worked = WORKER_STAGES.reduce((sum, stage) => sum + timings[stage], 0);
  // What was painted or drawn asks nobody.
  if (worked === 0) return null;
  const waited = timings.queue < NOTICEABLE ? null : (timings.queue / 1000).toFixed(1);
  return <span class="latency">{say.lastAnswer(ms(worked), waited)}</span>;
}

/** Milliseconds of waiting that people notice. */
const NOTICEABLE = 100;

const ms = (milliseconds: number): string => `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;

/** ": 3.1 of 17.2 MB" */
function megabytes(loaded?: { readonly bytes: number; readonly total: number | null }): string {
  if (loaded === undefined) return '';
  const [bytes, total] = [loaded.bytes, loaded.total].map((count) => ((count ?? 0) / 1e6).toFixed(1));
  return loaded.total === null ? say.ofMegabytes(bytes) : say.ofMegabytes(bytes, total);
}

function describeDecoder(decoder: DecoderState): readonly string[] {
  switch (decoder.phase) {
    case 'loading':
      return [say.loadingDecoder(megabytes(decoder.loaded))];
    case 'failed':
      return [say.noDecoder];
    case 'ready': {
      const { model, provider, providerNote, threads, threadsNote } = decoder.info;
      const count = say.counted(threads, 'thread');
      const reason = threadsNote ? ` (${threadsNote})` : '';
      return [
        say.model(model),
        say.provider(provider),
        `${count}${reason}`,
        ...(providerNote ? [providerNote] : []),
      ];
    }
  }
}

/** What texts and class names wait for. */
function describeLookup({ textsAsked, classNamesAsked, textGraphs, decoder }: Store): readonly string[] {
  const words = textsAsked.value.map(say.quoted).join(', ');
  const bytes = decoder.value.phase === 'ready' ? (decoder.value.info.textBytes ?? 0) : 0;
  return [
    ...(words === '' ? [] : [say.looksUp(words)]),
    ...(classNamesAsked.value === 0 ? [] : [say.looksUpClassNames]),
    ...(textGraphs.value === 'loading' ? [say.loadingTextDecoder((bytes / 1e6).toFixed(1))] : []),
  ];
}

function readinessError(store: Store) {
  const readiness = store.activePhoto.value?.readiness;
  return readiness?.phase === 'failed' ? readiness.error : null;
}
