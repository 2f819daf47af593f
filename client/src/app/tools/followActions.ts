import { toClientError } from '../../shared/errors';
import type { App } from '../app';

/** Follow the selected object through the photos after the shown one; what does it is fetched for that. */
export async function followSelected(app: App): Promise<void> {
  try {
    const { follow } = await import('../steps/following');
    await follow(app);
  } catch (error) {
    app.controller.report(toClientError(error, 'network'));
  }
}
