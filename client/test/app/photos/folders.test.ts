import { describe, expect, it } from 'vitest';
import { filesOf } from '../../../src/app/photos/droppedFiles';
import { photosOf } from '../../../src/app/photos/folders';
import { Failure } from '../../../src/shared/errors';

const file = (path: string) => ({ path, file: new File([], path.split('/').at(-1) ?? '') });
const names = (files: readonly File[]): string[] => files.map(({ name }) => name);

describe('a folder', () => {
  it('gives its photos in the order of numbers, folder by folder', () => {
    const files = ['b/photo 10.jpg', 'b/photo 2.JPG', 'a/z.png', 'b/photo 1.webp'].map(file);
    expect(names(photosOf(files))).toEqual(['z.png', 'photo 1.webp', 'photo 2.JPG', 'photo 10.jpg']);
  });

  it('leaves out what is no photo, and what is hidden', () => {
    const files = ['a/x.jpg', 'a/notes.txt', 'a/x.json', 'a/._x.jpg', '.git/y.png', 'a/p.splitseem.json'].map(
      file,
    );
    expect(names(photosOf(files))).toEqual(['p.splitseem.json', 'x.jpg']);
  });

  it('without a photo says so', () => {
    expect(() => photosOf([file('a/notes.txt')])).toThrow(Failure);
  });
});

/** What a browser gives of a folder, a hundred entries at a time at most. */
function folder(path: string, ...children: readonly FileSystemEntry[]): FileSystemEntry {
  const rest = [...children];
  const reader = { readEntries: (give: (entries: FileSystemEntry[]) => void) => give(rest.splice(0, 2)) };
  return { isDirectory: true, fullPath: path, createReader: () => reader } as unknown as FileSystemEntry;
}

const entry = (path: string): FileSystemEntry =>
  ({
    isDirectory: false,
    fullPath: path,
    file: (give: (file: File) => void) => give(file(path).file),
  }) as unknown as FileSystemEntry;

describe('what is dropped', () => {
  const dropped = (...entries: readonly FileSystemEntry[]) => ({
    files: [new File([], 'a folder as browsers list it')],
    getData: () => '',
    items: entries.map((found) => ({ webkitGetAsEntry: () => found })),
  });

  it('may be folders in folders, of more entries than browsers give at a time', async () => {
    const tree = folder(
      '/a',
      entry('/a/1.jpg'),
      entry('/a/2.jpg'),
      entry('/a/3.jpg'),
      folder('/a/b', entry('/a/b/4.png')),
    );
    expect(names(await filesOf(dropped(tree, entry('/5.jpg'))))).toEqual([
      '5.jpg',
      '1.jpg',
      '2.jpg',
      '3.jpg',
      '4.png',
    ]);
  });

  it('is taken file by file while there is no folder in it', async () => {
    expect(names(await filesOf(dropped(entry('/odd.xyz'))))).toEqual(['a folder as browsers list it']);
  });
});
