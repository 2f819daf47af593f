import { describe, expect, it } from 'vitest';
import { videosOf, type Video } from '../../src/pixels/videos';
import { readJson } from '../vectors';

interface Case {
  readonly says: string;
  readonly photos: readonly (readonly [string, readonly [number, number], readonly number[]])[];
  readonly videos: readonly Video[];
}

const { cases } = readJson('vectors/videos.json') as { readonly cases: readonly Case[] };

describe('videos among photos', () => {
  it.each(cases)('$says', ({ photos, videos }) => {
    const frames = photos.map(([name, [height, width], tracks]) => ({
      name,
      size: { height, width },
      objects: [{}, ...tracks.map((track) => ({ track }))],
    }));
    expect(videosOf(frames)).toEqual(videos);
  });
});
