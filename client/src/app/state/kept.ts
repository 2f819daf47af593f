/** What the page knows of work that the browser keeps. */
import type { ImageId, ObjectId } from '../../session/state';
import type { ClientError } from '../../shared/errors';
import type { Store } from './store';

/** Whether what is on the page is kept. */
export type Saved =
  | { readonly phase: 'nothing' }
  | { readonly phase: 'saving' }
  | { readonly phase: 'saved' }
  | { readonly phase: 'failed'; readonly error: ClientError };

/** What one tab has open. */
export interface KeptWork {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
  /** JSON of a project without masks: they follow from the prompts. */
  readonly project: string;
  readonly photos: readonly KeptPhoto[];
  /** Counts objects with prompts. */
  readonly objects: number;
  readonly shown: { readonly image: ImageId | null; readonly object: ObjectId | null };
}

export interface KeptPhoto {
  readonly image: ImageId;
  readonly name: string;
  /** SHA-256 of the file that the user opened. */
  readonly digest: string | null;
}

/** "coffee.jpg and 2 more photos, 5 objects" */
export function summaryOf({ photos, objects }: KeptWork): string {
  const [first, ...rest] = photos.map(({ name }) => name);
  const more = rest.length === 0 ? '' : ` and ${count(rest.length, 'more photo')}`;
  return `${first ?? 'Photos to come'}${more}, ${count(objects, 'object')}`;
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

/** Whether there is anything to save, on any photo. */
export const hasWork = ({ awaited, session }: Pick<Store, 'awaited' | 'session'>): boolean =>
  awaited.value.length > 0 ||
  session.value.images.some(
    ({ document }) =>
      document.review.mark !== null ||
      document.review.note !== '' ||
      document.objects.some(({ steps }) => steps.length > 0),
  );
