/** What embeddings are to hold of the masks. */

/** `lateral`: the map that mask features are made of, half the bytes, and more work for the page. */
export type MapsWish = 'lateral';

/** `?maps=lateral` in the address of the page; anything else leaves the mask features. */
export function mapsFrom(query: string): MapsWish | null {
  return new URLSearchParams(query).get('maps') === 'lateral' ? 'lateral' : null;
}
