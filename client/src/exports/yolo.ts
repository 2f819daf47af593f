/**
 * Annotated photos -> YOLO segmentation: a text file a photo, a line an object, and a file that names the classes.
 *
 * A line is the number of the class, then corners in parts of the width and height. A line is one polygon, so parts
 * and holes are joined by cuts of no width.
 */
import type { AnnotatedPhoto } from './annotated';
import { besides, categorised, categoryNames, type CategoryOptions } from './categories';
import { joinedPolygon } from './polygons';
import { zipOf } from './zip';

/** Photos without objects have an empty file: that is how background is said. */
export function toYolo(photos: readonly AnnotatedPhoto[], options: CategoryOptions): Promise<Blob> {
  const found = categorised(photos, options);
  const names = categoryNames(found, options);
  const labels = found.map(({ photo, objects }): [string, string] => {
    const { width, height } = photo.size;
    const lines = objects.map(({ object, category }) => {
      const corners = joinedPolygon(object.mask, options.tolerance) ?? [];
      const parts = corners.map((value, index) => (value / (index % 2 === 0 ? width : height)).toFixed(6));
      return [names.indexOf(category), ...parts].join(' ');
    });
    return [`labels/${besides(photo, '.txt')}`, lines.map((line) => `${line}\n`).join('')];
  });
  return zipOf(new Map([['data.yaml', dataYaml(names)], ...labels]));
}

/** A text in JSON is one in YAML, too. */
const dataYaml = (names: readonly string[]): string =>
  [
    '# Made with splitseem. Put the photos into the folder images, beside labels.',
    'path: .',
    'train: images',
    'val: images',
    names.length === 0 ? 'names: {}' : 'names:',
    ...names.map((name, index) => `  ${index}: ${JSON.stringify(name)}`),
    '',
  ].join('\n');
