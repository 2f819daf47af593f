/** Objects that their first prompt says all of. */
import type { PromptItem } from '../shared/types';
import { deselect } from './objects';
import { activeImageOf, activeObjectOf, type Session } from './state';

/** Clicks and strokes are corrected by others. */
const WHOLE: ReadonlySet<string> = new Set(['box', 'polygon', 'mask', 'text', 'example']);

/** Negative ones take something from an object. */
const isWhole = (prompt: PromptItem): boolean =>
  WHOLE.has(prompt.kind) && !('label' in prompt && prompt.label === 0);

/** Accept the selected object if it has one prompt, which says all of it: the next prompt begins another. */
export function acceptBegun(session: Session): Session {
  const image = activeImageOf(session);
  const [first, ...others] = (image && activeObjectOf(image)?.steps) ?? [];
  return first !== undefined && others.length === 0 && isWhole(first.prompt) ? deselect(session) : session;
}
