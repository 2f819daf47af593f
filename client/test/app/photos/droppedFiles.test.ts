import { describe, expect, it } from 'vitest';
import { filesOf, holdsPicture, type Dropped } from '../../../src/app/photos/droppedFiles';
import { Failure } from '../../../src/shared/errors';

const dropped = (data: Readonly<Record<string, string>>, files: readonly File[] = []): Dropped => ({
  files,
  getData: (format) => data[format] ?? '',
});

const named = (address: string): Promise<File> => Promise.resolve(new File([], address));

describe('what is dropped', () => {
  it.each([
    [
      'files, whatever else there is',
      dropped({ 'text/uri-list': 'http://a/b.png' }, [new File([], 'c.png')]),
      'c.png',
    ],
    ['an address', dropped({ 'text/uri-list': '# a comment\r\nhttp://a/b.png\r\n' }), 'http://a/b.png'],
    [
      'the picture of a link, not the page behind it',
      dropped({
        'text/uri-list': 'http://a/page',
        'text/html': '<a><IMG alt="x" src="http://a/b.png?c=1&amp;d=2"></a>',
      }),
      'http://a/b.png?c=1&d=2',
    ],
    [
      'a picture in single quotes',
      dropped({ 'text/html': "<img src='data:image/png;base64,AA'>" }),
      'data:image/png;base64,AA',
    ],
  ])('is %s', async (_, transfer, expected) => {
    expect((await filesOf(transfer, named)).map(({ name }) => name)).toEqual([expected]);
    expect(holdsPicture(transfer)).toBe(true);
  });

  it.each([
    ['nothing', dropped({})],
    ['text', dropped({ 'text/plain': 'hello' })],
    ['a page without a picture', dropped({ 'text/html': '<b>hello</b>' })],
  ])('of %s is said to hold no photo', async (_, transfer) => {
    const failed: unknown = await filesOf(transfer, named).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Failure);
    expect((failed as Failure).detail).toMatchObject({ kind: 'image', what: 'drop-without-photo' });
    expect(holdsPicture(transfer)).toBe(false);
  });
});
