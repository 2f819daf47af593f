/** The file of ONNX Runtime: fetched with a count of its bytes, and looked at before it is run. */
import { downloadAnswer, type DownloadOptions } from '../../api/download';
import { Failure } from '../../shared/errors';

/** What every WebAssembly file begins with. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/**
 * The answer with all of the file, still to be read.
 *
 * @throws Failure `wasm-forbidden` where this browser or the site's policy runs no WebAssembly; `runtime-missing`
 * where the server has no such file, or sends something else, as servers do that answer every address with a page.
 */
export async function fetchRuntime(url: string, options?: DownloadOptions): Promise<Response> {
  checkWebAssembly();
  const { response, head } = await downloadAnswer(url, options).catch((error: unknown) => {
    throw error instanceof Failure && error.detail.kind === 'http' ? missing(error.message) : error;
  });
  if (MAGIC.every((byte, index) => head[index] === byte)) return response;
  throw missing(`${url} is not WebAssembly: it begins with ${head.join()}`);
}

/**
 * Answer the next request for the address with it. ONNX Runtime takes bytes or an address, never an answer; but a
 * browser keeps the machine code that it makes of WebAssembly beside the answer that it came in. From bytes it is made
 * again at every visit.
 */
export function answerOnce(url: string, response: Response): void {
  const { fetch } = globalThis;
  globalThis.fetch = async (asked, options) => {
    if (asked !== url) return fetch(asked, options);
    globalThis.fetch = fetch;
    return Promise.resolve(response);
  };
}

const missing = (message: string): Failure =>
  new Failure({ kind: 'decoder', what: 'runtime-missing', message });

/** Compile the smallest module: a policy without `wasm-unsafe-eval` refuses any. */
function checkWebAssembly(): void {
  try {
    new WebAssembly.Module(Uint8Array.of(...MAGIC, 1, 0, 0, 0));
  } catch (error) {
    const message = `WebAssembly cannot be compiled: ${String(error)}`;
    throw new Failure({ kind: 'decoder', what: 'wasm-forbidden', message }, { cause: error });
  }
}
