/** Which photos are frames of one video: nothing but their names and tracks says so (`proto/vectors/videos.json`). */
import type { SizeHw } from '../shared/types';

export interface Video {
  readonly name: string;
  /** Places among the photos, both of the video. */
  readonly first: number;
  readonly last: number;
}

interface Frame {
  readonly name: string;
  readonly size: SizeHw;
  readonly objects: readonly { readonly track?: number }[];
}

/** Neighbours of one size are of one video where a thing is followed from one to the other, or their names go on. */
export function videosOf(photos: readonly Frame[]): readonly Video[] {
  const followed = followedPlaces(photos);
  const videos: Video[] = [];
  let first = 0;
  for (const [place, photo] of photos.entries()) {
    const next = photos[place + 1];
    const goesOn =
      next !== undefined &&
      isSameSize(photo, next) &&
      (followed.has(place) || stemOf(photo) === stemOf(next));
    if (goesOn) continue;
    const isVideo = range(first, place).some((one) => followed.has(one));
    if (isVideo) videos.push({ name: stemOf(photos[first] ?? photo), first, last: place });
    first = place + 1;
  }
  return videos;
}

/** The places from which a thing is followed to the next one. */
function followedPlaces(photos: readonly Frame[]): ReadonlySet<number> {
  const ends = new Map<number, { readonly first: number; readonly last: number }>();
  for (const [place, { objects }] of photos.entries())
    for (const { track } of objects)
      if (track !== undefined) ends.set(track, { first: ends.get(track)?.first ?? place, last: place });
  return new Set([...ends.values()].flatMap(({ first, last }) => range(first, last)));
}

/** "clip" of "clip-0001.jpg"; of other names all but the ending. */
const stemOf = ({ name }: Pick<Frame, 'name'>): string =>
  name.replace(/(?<=.)\.[^.]*$/, '').replace(/(?<=.)-[0-9]+$/, '');

const isSameSize = (a: Frame, b: Frame): boolean =>
  a.size.width === b.size.width && a.size.height === b.size.height;

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index);
