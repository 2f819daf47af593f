/** SHA-256 and hexadecimal. */

/** Two digits a byte, in lower case. */
export const hexadecimal = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The SHA-256 of bytes in hexadecimal; where the browser has none, by plain code that is fetched for it. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // Missing on pages without a secure context, whatever its type says.
  const { subtle } = crypto as Partial<Crypto>;
  if (subtle === undefined) return (await import('./sha256')).sha256Hex(bytes);
  return hexadecimal(new Uint8Array(await subtle.digest('SHA-256', bytes)));
}
