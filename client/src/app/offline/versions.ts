/** The service worker, which keeps the page for when there is no network, and the versions of the page. */
import { PAGE_LOCK, pageCachesOf, type PageMessage } from '../../shared/pageVersions';
import { untilTrue } from '../state/untilTrue';
import type { Store } from '../state/store';

/** Milliseconds between looks for another version, while the page stays open. */
const LOOK_AGAIN = 3_600_000;
/** Says that this tab was loaded again for the sake of isolation. */
const ISOLATED = 'splitseem-isolated';

/** Whether the page does without a service worker: by the address, or where the browser has none. */
const workers = (): ServiceWorkerContainer | null => {
  const { serviceWorker } = navigator as Partial<Navigator>;
  return serviceWorker ?? null;
};

const ownScript = (): string =>
  document.querySelector<HTMLScriptElement>('script[type=module][src]')?.src ?? '';

/** Keep the page in this browser, or no longer if the address says so. */
export async function keepPage(store: Store): Promise<void> {
  const container = workers();
  if (container === null) return;
  if (new URLSearchParams(location.search).get('service-worker') === 'off') {
    await forgetPage(container);
    return;
  }
  void navigator.locks.request(PAGE_LOCK + ownScript(), () => new Promise<never>(() => undefined));
  const registration = await registered(container, store);
  if (registration.waiting !== null) void offer(store, registration.waiting);
  registration.addEventListener('updatefound', () => {
    const fresh = registration.installing;
    fresh?.addEventListener('statechange', () => {
      if (fresh.state === 'installed' && registration.active !== null) void offer(store, fresh);
    });
  });
  const look = (): void => void registration.update().catch(() => undefined);
  setInterval(look, LOOK_AGAIN);
  const { active } = await container.ready;
  if (active !== null) say(active, { kind: 'let-go' });
  isolate(store);
}

/** Where the network went while the page was loaded the worker waits for it. */
async function registered(
  container: ServiceWorkerContainer,
  { isOffline }: Store,
): Promise<ServiceWorkerRegistration> {
  for (;;) {
    try {
      return await container.register(new URL('serviceWorker.js', document.baseURI).href);
    } catch (error) {
      if (!isOffline.value) throw error;
      await untilTrue(() => !isOffline.value);
    }
  }
}

async function forgetPage(container: ServiceWorkerContainer): Promise<void> {
  const registration = await container.getRegistration(document.baseURI);
  if (registration === undefined) return;
  const { scope } = registration;
  await registration.unregister();
  const names = (await caches.keys()).filter((name) => name.startsWith(pageCachesOf(scope)));
  await Promise.all(names.map((name) => caches.delete(name)));
}

const say = (worker: ServiceWorker, message: PageMessage, ports: MessagePort[] = []): void =>
  worker.postMessage(message, ports);

/** A version that waits is offered, unless it is that of this page already. */
async function offer(store: Store, waiting: ServiceWorker): Promise<void> {
  const isOurs = await new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    say(waiting, { kind: 'is-yours', script: ownScript() }, [port2]);
  });
  if (isOurs === true) say(waiting, { kind: 'take-over' });
  else store.newVersion.value = () => void change(store, waiting);
}

/** Load the other version once all work is kept, or cannot be: then the browser asks. */
async function change({ saved }: Store, waiting: ServiceWorker): Promise<void> {
  await untilTrue(() => saved.value.phase !== 'saving');
  const reload = (): void => location.reload();
  // Another tab may have changed to it already.
  if (waiting.state !== 'installed') {
    reload();
    return;
  }
  waiting.addEventListener('statechange', () => {
    if (waiting.state === 'activated') reload();
  });
  say(waiting, { kind: 'take-over' });
}

/**
 * Load the page once more where the server does not isolate it, so that the worker does: only once, only where that
 * gives threads, and not under the hands of somebody who works.
 */
function isolate({ session }: Store): void {
  const wouldHelp = !crossOriginIsolated && window === window.top && navigator.hardwareConcurrency > 1;
  if (!wouldHelp || session.value.images.length > 0) return;
  try {
    if (sessionStorage.getItem(ISOLATED) !== null) return;
    sessionStorage.setItem(ISOLATED, '1');
  } catch {
    return; // What cannot be noted could happen again and again.
  }
  location.reload();
}
