/** Names of photos -> names in exported files, each another one. */

export interface ExportName {
  /** What the photo is called in annotations: its own name where that is possible. */
  readonly fileName: string;
  /** What files made of it begin with: letters, digits, dots, dashes and underscores. */
  readonly stem: string;
}

/** Characters of a stem; file systems take 255 bytes, of which a suffix and four bytes a character may need most. */
const MAX_STEM = 50;

/**
 * A name for every photo, in their order; the first of those called the same keeps its name.
 *
 * Two names count as the same when they differ only in case, in how accents are written, or in the ending:
 * some file systems and many readers of annotations do not tell them apart.
 */
export function exportNames(names: readonly string[]): readonly ExportName[] {
  const fileNames = distinct(names.map(withoutPath), (name) => splitName(name)[0], insertBeforeEnding);
  const stems = distinct(
    fileNames.map((name) => toStem(splitName(name)[0])),
    (stem) => stem,
    (stem, count) => `${stem}-${count}`,
  );
  return fileNames.map((fileName, index) => ({ fileName, stem: stems[index] ?? 'image' }));
}

/** Slashes and control characters would be folders or garbage to a reader; an empty name none at all. */
function withoutPath(name: string): string {
  const clean = name
    .replace(/\p{Surrogate}/gu, '-')
    .replaceAll(/[/\\\p{Cc}\u2028\u2029]+/gu, '-')
    .trim();
  return /^\.*$/.test(clean) ? `image${clean}` : clean;
}

function splitName(name: string): readonly [stem: string, ending: string] {
  const [ending = ''] = /\.[^.]*$/.exec(name) ?? [];
  return [name.slice(0, name.length - ending.length), ending];
}

const insertBeforeEnding = (name: string, count: number): string => {
  const [stem, ending] = splitName(name);
  return `${stem}-${count}${ending}`;
};

function toStem(name: string): string {
  const stem = Array.from(name.replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, '-'))
    .slice(0, MAX_STEM)
    .join('');
  return stem === '' ? 'image' : stem;
}

function distinct(
  names: readonly string[],
  sameBy: (name: string) => string,
  numbered: (name: string, count: number) => string,
): readonly string[] {
  const identity = (name: string): string => sameBy(name).normalize('NFKC').toLowerCase();
  // A name that somebody gave is not taken by one that is made here.
  const given = new Set(names.map(identity));
  const taken = new Set<string>();
  return names.map((name) => {
    let found = name;
    for (let count = 2; taken.has(identity(found)); count++) {
      const candidate = numbered(name, count);
      if (!given.has(identity(candidate))) found = candidate;
    }
    taken.add(identity(found));
    return found;
  });
}
