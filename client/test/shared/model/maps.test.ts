import { describe, expect, it } from 'vitest';
import { mapsFrom } from '../../../src/shared/model/maps';

describe('the maps that a page asks for', () => {
  it.each([
    ['', null],
    ['?threads=2&maps=lateral', 'lateral'],
    ['?maps=source', null],
  ])('%s: %s', (query, maps) => {
    expect(mapsFrom(query)).toBe(maps);
  });
});
