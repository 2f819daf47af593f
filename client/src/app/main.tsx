/** Entry of the page. */
import './base.css';
import './controls.css';
import { render } from 'preact';
import { toClientError } from '../shared/errors';
import { browserServices, createApp } from './app';
import { projectOf } from './export/exportActions';
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
render(<Page app={app} />, page);
app.controller.start();
void app.keeping.start();
warnBeforeLoss(app.store);
keepPixels(app.store, (error) => app.controller.report(error));

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
