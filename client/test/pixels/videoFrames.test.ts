import { describe, expect, it } from 'vitest';
import { frameTimes } from '../../src/pixels/videoFrames';

describe('the frames that are taken of a video', () => {
  it('are as many a second as asked, each in the middle of its time', () => {
    expect(frameTimes(2, { perSecond: 2, most: 100 })).toEqual([0.25, 0.75, 1.25, 1.75]);
  });

  it('are no more than asked, from the beginning', () => {
    expect(frameTimes(3600, { perSecond: 4, most: 3 })).toEqual([0.125, 0.375, 0.625]);
  });

  it.each([0, 0.01, 0.9])('are one at least, within %s s', (duration) => {
    const times = frameTimes(duration, { perSecond: 1, most: 10 });
    expect(times).toHaveLength(1);
    expect(times[0]).toBeLessThanOrEqual(duration);
  });
});
