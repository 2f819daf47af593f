/** Says which files are being read, where that takes long: decoding 100 million pixels may take seconds. */
import type { Store } from './store';

/** Milliseconds after which people wonder. */
const UNSAID = 300;

/** Do what reads a file; the page says so until it has been done, or has failed. */
export async function saidWhileReading<T>(
  { reading }: Pick<Store, 'reading'>,
  name: string,
  read: () => Promise<T>,
): Promise<T> {
  const said = { name };
  const timer = setTimeout(() => (reading.value = [...reading.value, said]), UNSAID);
  try {
    return await read();
  } finally {
    clearTimeout(timer);
    if (reading.value.includes(said)) reading.value = reading.value.filter((other) => other !== said);
  }
}
