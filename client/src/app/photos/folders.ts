/** Folders -> the photos in them. */
import { Failure } from '../../shared/errors';

export interface FileOfFolder {
  /** With the folders above it, between slashes. */
  readonly path: string;
  readonly file: File;
}

const PHOTO_NAME = /\.(jpe?g|png|webp|gif|bmp|avif|tiff?|heic)$/i;
const PROJECT_NAME = /\.splitseem\.json$/i;
const IN_ORDER = new Intl.Collator('en', { numeric: true });

/**
 * The photos and saved projects, photo 2 before photo 10, folder by folder. Other files, and what is hidden, are left
 * out.
 *
 * @throws Failure: there is none.
 */
export function photosOf(files: readonly FileOfFolder[]): readonly File[] {
  const found = files
    .filter(({ path }) => !path.split('/').some((part) => part.startsWith('.')))
    .filter(({ file }) => PHOTO_NAME.test(file.name) || PROJECT_NAME.test(file.name))
    .sort((a, b) => IN_ORDER.compare(a.path, b.path));
  if (found.length > 0) return found.map(({ file }) => file);
  const message = `${files.length} files, none of which is a photo by its name`;
  throw new Failure({ kind: 'image', what: 'folder-without-photo', message });
}

/** What a field for folders was given. */
export const chosenIn = (files: Iterable<File>): readonly FileOfFolder[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** All files in dropped folders, and in those in them. */
export async function filesIn(entries: readonly FileSystemEntry[]): Promise<readonly FileOfFolder[]> {
  const found: FileOfFolder[] = [];
  for (const entry of entries) {
    if (isFolder(entry)) found.push(...(await filesIn(await entriesIn(entry))));
    else
      found.push({
        path: entry.fullPath.replace(/^\//, ''),
        file: await fileOf(entry as FileSystemFileEntry),
      });
  }
  return found;
}

const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** Browsers give them by the hundred, until there are no more. */
async function entriesIn(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    found.push(...some);
  }
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));
