/** Starts the worker of the package, wherever its files are served from. */
import { makeWorker, type MakeWorker } from '../bridge/decoder';

/** Its name in the package, beside this script. Apart from each other, or bundlers would look for the file. */
const FILE = './worker.js';
const HERE = import.meta.url;

/**
 * Browsers start no worker from another origin than that of the page, but they do start one of the page's own that
 * imports it. The page's policy has to allow `worker-src blob:` then.
 */
export const makeWorkerFromAnyOrigin: MakeWorker = (name) =>
  isElsewhere(HERE) ? makeImporting(new URL(FILE, HERE), name) : makeWorker(name);

/** Whether a script came from another origin; bundlers put addresses of files in the place of some. */
const isElsewhere = (script: string): boolean => {
  const { protocol, origin } = new URL(script);
  return protocol.startsWith('http') && origin !== location.origin;
};

function makeImporting(script: URL, name: string): Worker {
  const text = `import ${JSON.stringify(script.href)};`;
  const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  const worker = new Worker(address, { type: 'module', name });
  // It says nothing before it has read its script.
  worker.addEventListener('message', () => URL.revokeObjectURL(address), { once: true });
  return worker;
}
