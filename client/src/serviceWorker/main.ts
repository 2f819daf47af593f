/**
 * The service worker of the page: its files without a network, and isolation where the server does not isolate.
 *
 * While there is a network, all comes as it would without this: a proxy may ask who calls, a new version is there with
 * the next load, and the browser has the code of scripts and of WebAssembly compiled. Nothing of the API passes through
 * here.
 */
import { GONE_STATUSES } from '../shared/errors';
import { isolated } from './isolated';
import { PageFiles, type PageFile } from './pageFiles';
import { PAGE_LOCK, type PageMessage } from '../shared/pageVersions';

declare const self: ServiceWorkerGlobalScope;
/** Of the build: `vite.serviceWorker.config.ts`. */
declare const PAGE_FILES: readonly PageFile[];
declare const PAGE_VERSION: string;

/** Milliseconds after which what is kept is given instead of what does not come. */
const MOST_WAIT = 5000;
/** Milliseconds for which a server that gave no answer is not waited for again. */
const GONE_FOR = 10_000;

const { scope } = self.registration;
const files = new PageFiles(scope, PAGE_VERSION, PAGE_FILES);
let goneUntil = 0;

self.addEventListener('install', (event) => event.waitUntil(files.fill()));

self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), preloadPages(), letGo()]));
});

self.addEventListener('message', (event) => {
  const message = event.data as PageMessage;
  if (message.kind === 'take-over') void self.skipWaiting();
  if (message.kind === 'let-go') event.waitUntil(letGo());
  if (message.kind === 'is-yours') event.ports[0]?.postMessage(files.has(message.script));
});

self.addEventListener('fetch', (event) => {
  const { method, mode, url: whole } = event.request;
  const { origin, pathname, search } = new URL(whole);
  const url = origin + pathname;
  if (method !== 'GET' || !url.startsWith(scope) || search.includes('service-worker=off')) return;
  const isPage = url === scope || url === `${scope}index.html`;
  const isOfPage = mode === 'navigate' ? isPage : files.has(url) || url.startsWith(`${scope}assets/`);
  if (isOfPage) event.respondWith(answer(event, isPage ? scope : url));
});

/** As without a service worker, while that gives an answer: the browser has kept most files itself. */
async function answer(event: FetchEvent, url: string): Promise<Response> {
  const isGone = Date.now() < goneUntil;
  const known = isGone ? await files.find(url) : null;
  if (known !== null) return isolated(known);
  const coming = preloadedOr(event);
  const inTime = new Promise<null>((resolve) => setTimeout(resolve, MOST_WAIT, null));
  const first = await Promise.race([coming.catch(() => null), inTime]);
  if (first?.ok === true) {
    const copy = files.isLater(url) ? first.clone() : null;
    if (copy !== null) event.waitUntil(files.keep(url, copy).catch(() => undefined)); // A full storage: the next time.
    return isolated(first);
  }
  if (first === null || GONE_STATUSES.includes(first.status)) goneUntil = Date.now() + GONE_FOR;
  else if (event.request.mode === 'navigate') return first; // Perhaps of a proxy that asks who calls.
  const kept = await files.find(url);
  return kept === null ? coming : isolated(kept);
}

/** Ask for a page while this starts; but in Firefox a page whose preload fails is not shown, whatever is answered. */
async function preloadPages(): Promise<void> {
  // Missing in some browsers, whatever its type says.
  const preload = self.registration.navigationPreload as NavigationPreloadManager | undefined;
  await (navigator.userAgent.includes('Firefox/') ? preload?.disable() : preload?.enable());
}

const preloadedOr = async (event: FetchEvent): Promise<Response> =>
  ((await event.preloadResponse) as Response | undefined) ?? fetch(event.request);

/** Every page holds a lock with the name of its script. What a newer version has begun to keep is none of ours. */
async function letGo(): Promise<void> {
  const { installing, waiting } = self.registration;
  if (installing !== null || waiting !== null) return;
  const { held = [] } = await navigator.locks.query();
  const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(PAGE_LOCK));
  await files.letGo(names.map((name) => name.slice(PAGE_LOCK.length)));
}
