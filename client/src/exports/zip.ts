/** Files -> one ZIP. */
import { zipSync, type Zippable } from 'fflate';

/** By path; texts in UTF-8. */
export type Files = ReadonlyMap<string, string | Blob>;

export async function zipOf(files: Files): Promise<Blob> {
  const entries: Zippable = {};
  for (const [path, content] of files) {
    const bytes =
      typeof content === 'string'
        ? new TextEncoder().encode(content)
        : new Uint8Array(await content.arrayBuffer());
    // PNG files are compressed already.
    entries[path] = [bytes, { level: typeof content === 'string' ? 6 : 0 }];
  }
  return new Blob([zipSync(entries)], { type: 'application/zip' });
}
