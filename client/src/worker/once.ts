/** Do something once, whoever asks; what failed is tried again by the next call. */
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
