/** The vectors that the readers of every language are held to. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../../proto/', import.meta.url);

export const readBytes = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(path, FOLDER))));

export const readJson = (path: string): unknown => JSON.parse(readText(path));

export const readText = (path: string): string => new TextDecoder().decode(readBytes(path));
