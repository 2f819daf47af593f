/**
 * Writes what the page exports of a hostile session to a folder, for readers of other programs: the same session
 * as COCO, as polygons, as label maps, as a project; and `truth.json`, the pixels that every mask has.
 *
 *     node scripts/writeExports.js FOLDER
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('expected the folder to write to');
mkdirSync(folder, { recursive: true });

const script = fileURLToPath(new URL('../test/exports/hostileFiles.ts', import.meta.url));
/** @type {{ module: { hostileFiles: () => Promise<Record<string, Uint8Array>> } }} */
const { module } = await runnerImport(script, { logLevel: 'error' });
for (const [name, bytes] of Object.entries(await module.hostileFiles()))
  writeFileSync(join(folder, name), bytes);
