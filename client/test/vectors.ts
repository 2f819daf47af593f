/** The vectors that the readers of every language are held to. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RegionRules } from '../src/shared/prompt/regions';
import type { PromptItem } from '../src/shared/types';

const FOLDER = new URL('../../proto/', import.meta.url);

export const readBytes = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(path, FOLDER))));

export const readJson = (path: string): unknown => JSON.parse(readText(path));

export const readText = (path: string): string => new TextDecoder().decode(readBytes(path));

/** Prompts of an object, and the edits among them that later answers keep. */
export interface StandingCase {
  readonly name: string;
  readonly size: readonly [number, number];
  readonly rules: RegionRules;
  readonly items: readonly PromptItem[];
  readonly standing: readonly PromptItem[];
}
