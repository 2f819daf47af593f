/** Servers that several elements of a page show, each with one worker for all of them. */
import { connect, type ConnectOptions, type Splitseem } from './connect';

interface Shared {
  readonly connected: Promise<Splitseem>;
  users: number;
}

const servers = new Map<string, Shared>();

/** The model of a server, and what gives it back: the last to do so ends the worker. */
export function borrow(
  server: string,
  options: ConnectOptions,
): { connected: Promise<Splitseem>; release: () => void } {
  const key = JSON.stringify([server, options.apiKey ?? null]);
  const shared = servers.get(key) ?? { connected: connect(server, options), users: 0 };
  servers.set(key, shared);
  shared.users++;
  // What failed is tried again by the next.
  shared.connected.catch(() => forget(key, shared));
  const release = (): void => {
    if (--shared.users > 0) return;
    forget(key, shared);
    shared.connected.then(
      (client) => client.close(),
      () => undefined,
    );
  };
  return { connected: shared.connected, release };
}

function forget(key: string, shared: Shared): void {
  if (servers.get(key) === shared) servers.delete(key);
}
