/** Entry of the page. */
import './base.css';
import './controls.css';
import { render } from 'preact';
import { toClientError } from '../shared/errors';
import { browserServices, createApp } from './app';
import { exportParts } from './export/ExportMenu';
import { annotationParts } from './photos/photo';
import { projectOf } from './steps/projectOf';
import { Page } from './Page';
import { keepPixels } from './drawing/photoPixels';
import { warnBeforeLoss } from './saving/warning';
import { timingsOf } from './steps/timings';

const app = createApp(browserServices());

// For scripts: the project as plain data, and the milliseconds of every step so far.
Object.assign(globalThis, {
  splitseem: {
    project: () => structuredClone(projectOf(app.store)),
    timings: () => timingsOf(app.store),
  },
});

const page = document.getElementById('page');
if (page === null) throw new Error('index.html has no element for the page');
// The worker begins while the page is drawn.
app.controller.start();
render(<Page app={app} />, page);
void app.keeping.start();
warnBeforeLoss(app.store);
keepPixels(app.store, (error) => app.controller.report(error));

/** Development has no build that could be kept. */
const offlineParts = async (): Promise<void> => {
  if (import.meta.env.PROD) await (await import('./offline/start')).workOffline(app);
};

// What the first mask does not need.
const stopWaiting = app.store.decoder.subscribe(({ phase }) => {
  if (phase === 'loading') return;
  void Promise.allSettled([exportParts(), annotationParts(), offlineParts()]);
  // It is no first call: the decoder takes a while.
  stopWaiting();
});

// Errors that are caught nowhere are shown, too. (Those of layout observers carry no error and mean nothing to users.)
const onUncaught = (thrown: unknown): void => {
  if (thrown instanceof Error) {
    app.controller.report({ ...toClientError(thrown, 'decoder'), what: 'page-failed' });
  }
};
window.addEventListener('error', ({ error }) => {
  onUncaught(error);
});
window.addEventListener('unhandledrejection', ({ reason }) => {
  onUncaught(reason);
});
