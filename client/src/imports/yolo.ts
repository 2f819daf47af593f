/** YOLO segmentation -> photos with objects. Its files do not say how large the photos are: those have to be open. */
import { UNLABELLED } from '../exports/categories';
import { refuseFile, stemOf, type ImportedObject, type ImportedPhoto, type KnownPhoto } from './imported';
import { rasterise } from '../shared/prompt/rasterise';

/** Args: labels: texts by the path of their file; yaml: the file that names the classes. */
export function fromYolo(
  labels: ReadonlyMap<string, string>,
  yaml: string,
  photos: readonly KnownPhoto[],
): readonly ImportedPhoto[] {
  const names = classesIn(yaml);
  const found = [...labels].flatMap(([path, text]) => {
    const photo = photos.find(({ name }) => stemOf(name) === stemOf(path));
    return photo === undefined ? [] : [{ ...photo, objects: objectsIn(text, names, photo) }];
  });
  return found.length > 0
    ? found
    : refuseFile('open the photos first: YOLO files do not say how large they are');
}

function objectsIn(
  text: string,
  names: ReadonlyMap<number, string>,
  { size }: KnownPhoto,
): readonly ImportedObject[] {
  const { width, height } = size;
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [category = NaN, ...parts] = line.trim().split(/\s+/).map(Number);
    const isRead = Number.isInteger(category) && parts.every((value) => Number.isFinite(value));
    if (!isRead || parts.length < 4 || parts.length % 2 !== 0)
      refuseFile(`no line of YOLO: ${line.slice(0, 60)}`);
    const outline = parts.length === 4 ? cornersOf(parts) : parts;
    const corners = outline.map((value, index) => value * (index % 2 === 0 ? width : height));
    const label = names.get(category) ?? `class ${category}`;
    return {
      mask: rasterise([corners], size),
      label: label === UNLABELLED ? null : label,
      labelOrigin: 'user',
      number: null,
    };
  });
}

/** Of a box by its centre and sides. */
function cornersOf([x = 0, y = 0, w = 0, h = 0]: readonly number[]): readonly number[] {
  const [x0, y0, x1, y1] = [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
  return [x0, y0, x1, y0, x1, y1, x0, y1];
}

/** The part of YAML that such files are written in: numbered lines, dashes, or one list. */
function classesIn(yaml: string): ReadonlyMap<number, string> {
  const [, rest = ''] = /^names:(.*(?:\n(?:[ \t-].*)?)*)/m.exec(yaml) ?? [];
  const inline = /^\s*[[{](.*)[\]}]\s*$/s.exec(rest)?.[1];
  const entries = inline === undefined ? rest.split(/\r?\n/) : inline.split(',');
  const named = entries.map((entry) => entry.trim()).filter((entry) => entry !== '');
  return new Map(
    named.map((entry, index) => {
      const [, number, name = entry] = /^(?:(\d+)\s*:|-)\s*(.*)$/.exec(entry) ?? [];
      return [number === undefined ? index : Number(number), unquoted(name)];
    }),
  );
}

function unquoted(text: string): string {
  if (/^'.*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  if (!/^".*"$/.test(text)) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1);
  }
}
