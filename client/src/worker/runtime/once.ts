/** Do something once for all callers; what failed is tried again by the next call. */
export function once<T>(act: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | null = null;
  return async () => {
    done ??= act();
    try {
      return await done;
    } catch (error) {
      done = null;
      throw error;
    }
  };
}

/** Files that are opened when they are first needed, and may be fetched before. */
export interface OnDemand<Opened> {
  /** What failed is tried again by the next call. */
  fetch(): Promise<void>;
  /** Likewise. */
  open(): Promise<Opened>;
}

export function onDemand<Files, Opened>(
  fetchFiles: () => Promise<Files>,
  openFiles: (files: Files) => Promise<Opened>,
): OnDemand<Opened> {
  let fetched = once(fetchFiles);
  let isOpen = false;
  return {
    fetch: async () => {
      if (!isOpen) await fetched();
    },
    open: once(async () => {
      const opened = await openFiles(await fetched());
      isOpen = true;
      fetched = once(fetchFiles); // The bytes are needed no more.
      return opened;
    }),
  };
}
