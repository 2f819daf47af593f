/** What pages and their service worker say to each other about versions of the page. */

/** Begins the name of the lock that a page holds while it runs; the address of its script follows. */
export const PAGE_LOCK = 'splitseem-page-';

/** Begins the names of the caches with the versions of the page below an address. */
export const pageCachesOf = (scope: string): string => `splitseem-page ${scope} `;

export type PageMessage =
  /** Take the place of the version before. */
  | { readonly kind: 'take-over' }
  /** Of versions that no page runs any more. */
  | { readonly kind: 'let-go' }
  /** Whether the script of a page is of this version; answered by the port. */
  | { readonly kind: 'is-yours'; readonly script: string };
