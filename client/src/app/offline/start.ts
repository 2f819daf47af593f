/** What makes the page work without a network; fetched once there is a decoder. */
import type { App } from '../app';
import { untilTrue } from '../state/untilTrue';
import { Connection } from './connection';
import { keepPage } from './versions';

/** Milliseconds that the first mask has, before the files of the page are kept. */
const AFTER = 5000;

export async function workOffline({ store, controller }: App): Promise<void> {
  new Connection({ store, controller }).start();
  const isDone = untilTrue(() => store.lastStep.value !== null);
  // What is not isolated is slow, and is loaded again soon or not at all.
  const wait = new Promise((resolve) => setTimeout(resolve, crossOriginIsolated ? AFTER : 0));
  await Promise.race([isDone, wait]);
  await keepPage(store);
}
