/**
 * Files that the browser keeps in its Cache Storage under their digest. Its HTTP cache may let go of them at any time,
 * and asks again where a proxy says so. Without a Cache Storage, as on plain HTTP, every file is fetched.
 */
import { isServerGone, toClientError } from '../../shared/errors';

const STORE = 'splitseem-model';

/** The bytes kept at an address, if `isGood` says so of them; else those that are fetched, which are kept then. */
export async function keptOr(
  address: string,
  isGood: (bytes: ArrayBuffer) => Promise<boolean>,
  fetchBytes: () => Promise<ArrayBuffer>,
): Promise<ArrayBuffer> {
  const store = await openStore();
  const kept = await store?.match(address).catch(() => undefined);
  const bytes = await kept?.arrayBuffer().catch(() => undefined);
  if (bytes !== undefined && (await isGood(bytes))) return bytes;
  const fetched = await fetchBytes();
  // A full storage: it is fetched again the next time.
  void store?.put(address, new Response(fetched.slice(0))).catch(() => undefined);
  return fetched;
}

/** What is fetched, which is kept; where the server is out of reach what was kept the last time. */
export async function fetchedOrKept(
  address: string,
  fetchBytes: (hasKept: boolean) => Promise<ArrayBuffer>,
): Promise<ArrayBuffer> {
  const store = await openStore();
  const kept = await store?.match(address).catch(() => undefined);
  try {
    const fetched = await fetchBytes(kept !== undefined);
    void store?.put(address, new Response(fetched.slice(0))).catch(() => undefined);
    return fetched;
  } catch (error) {
    if (kept === undefined || !isServerGone(toClientError(error, 'network'))) throw error;
    return kept.arrayBuffer();
  }
}

/** Let go of what is kept below an address and is none of the wanted ones. */
export async function keepOnly(below: string, wanted: ReadonlySet<string>): Promise<void> {
  const store = await openStore();
  for (const { url } of (await store?.keys().catch(() => [])) ?? [])
    if (url.startsWith(below) && !wanted.has(url)) await store?.delete(url).catch(() => false);
}

async function openStore(): Promise<Cache | null> {
  // Outside a secure context the type lies: there is none.
  const { caches } = globalThis as Partial<Pick<typeof globalThis, 'caches'>>;
  try {
    return (await caches?.open(STORE)) ?? null;
  } catch {
    return null;
  }
}
