/** Session -> COCO JSON: one annotation an object, its segmentation as uncompressed run lengths. */
import { labelOf, resultOf, type Session } from '../session/state';
import { rleArea, rleBounds } from '../shared/rle';
import type { CocoRle } from '../shared/types';

export interface CocoFile {
  readonly info: { readonly description: string };
  readonly images: readonly CocoImage[];
  readonly annotations: readonly CocoAnnotation[];
  readonly categories: readonly { readonly id: number; readonly name: string }[];
}

interface CocoImage {
  readonly id: number;
  readonly file_name: string;
  readonly width: number;
  readonly height: number;
}

interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly segmentation: CocoRle;
  readonly area: number;
  readonly bbox: readonly [number, number, number, number];
  readonly iscrowd: 0;
}

/** Category of objects that have no label. */
const UNNAMED = 'object';

/** Objects without a mask, or with an empty one, are left out. */
export function toCoco(session: Session): CocoFile {
  const found = session.images.flatMap((image, index) =>
    image.document.objects.flatMap((object) => {
      const mask = resultOf(session, object)?.mask;
      const isEmpty = mask === undefined || rleArea(mask) === 0;
      return isEmpty ? [] : [{ imageId: index + 1, mask, name: labelOf(session, object) ?? UNNAMED }];
    }),
  );
  const names = [...new Set(found.map(({ name }) => name))];
  return {
    info: { description: 'Made with splitseem' },
    images: session.images.map(({ name, size }, index) => ({
      id: index + 1,
      file_name: name,
      width: size.width,
      height: size.height,
    })),
    annotations: found.map(({ imageId, mask, name }, index) => ({
      id: index + 1,
      image_id: imageId,
      category_id: names.indexOf(name) + 1,
      segmentation: mask,
      area: rleArea(mask),
      bbox: rleBounds(mask),
      iscrowd: 0,
    })),
    categories: names.map((name, index) => ({ id: index + 1, name })),
  };
}
