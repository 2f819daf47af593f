/** Threads in WebAssembly need an isolated page: what a server does not say for that is said here. */

const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * The same answer with the headers of isolation; as it is, if the server has an opinion, or it has no body of ours, or is
 * WebAssembly, of which the browser keeps compiled code only by the answer of the server itself.
 */
export function isolated(response: Response): Response {
  const { status, statusText, headers, type, body } = response;
  const isOurs = (type === 'basic' || type === 'default') && body !== null && !response.redirected;
  const needsNone = headers.get('Content-Type')?.startsWith('application/wasm') === true;
  if (!isOurs || needsNone || headers.has('Cross-Origin-Embedder-Policy')) return response;
  const all = new Headers(headers);
  for (const [name, value] of Object.entries(ISOLATION)) all.set(name, value);
  return new Response(body, { status, statusText, headers: all });
}
