/** What the Export menu does. */
import { toCoco } from '../exports/coco';
import { cutOutPng } from '../exports/cutOut';
import { download, fileName, jsonBlob } from '../exports/download';
import { labelMapPng, maskPng } from '../exports/png';
import { colourOf } from '../canvas/palette';
import { toProject } from '../session/project';
import { activeObjectOf, resultOf, type ImageState, type SegmentObject } from '../session/state';
import type { CocoRle, Project } from '../shared/types';
import type { Store } from './store';
import { lastTimingsOf } from './timings';

export interface ExportFormat {
  readonly name: string;
  readonly hint: string;
  readonly run: (store: Store) => Promise<void> | void;
}

interface Masked {
  readonly object: SegmentObject;
  readonly mask: CocoRle;
}

export function projectOf(store: Store): Project {
  return toProject(store.session.value, {
    keyOf: (id) => {
      const readiness = store.photos.value.get(id)?.readiness;
      return readiness?.phase === 'ready' ? readiness.key : null;
    },
    timingsOf: (object) => ({ ...lastTimingsOf(store, object) }),
  });
}

export const hasMasks = (store: Store): boolean => {
  const image = store.activeImage.value;
  return image !== null && maskedObjects(store, image).length > 0;
};

export const EXPORT_FORMATS: readonly ExportFormat[] = [
  {
    name: 'Mask PNG',
    hint: 'selected object: 255 inside, 0 outside',
    run: (store) =>
      withSelected(store, async (image, { object, mask }) => {
        download(fileName(image.name, `mask-${object.number}.png`), await maskPng(mask));
      }),
  },
  {
    name: 'Label map PNG',
    hint: 'all objects: pixel value is the number in the list',
    run: async (store) => {
      const image = store.activeImage.value;
      if (image === null) return;
      const found = maskedObjects(store, image);
      const colours = found.map(({ object }) => colourOf(object.number));
      const content = await labelMapPng(
        found.map(({ mask }) => mask),
        colours,
      );
      download(fileName(image.name, 'labels.png'), content);
    },
  },
  {
    name: 'Cut-out PNG',
    hint: 'selected object on a transparent ground',
    run: (store) =>
      withSelected(store, async (image, { object, mask }) => {
        const photo = store.photos.value.get(image.id)?.photo;
        if (photo === undefined) return;
        download(fileName(image.name, `cut-out-${object.number}.png`), await cutOutPng(photo.bitmap, mask));
      }),
  },
  {
    name: 'COCO JSON',
    hint: 'all images: run lengths, boxes, areas, categories',
    run: (store) => {
      download('annotations.coco.json', jsonBlob(toCoco(store.session.value)));
    },
  },
  {
    name: 'Project',
    hint: 'prompts and masks, to be opened here again',
    run: (store) => {
      download('project.splitseem.json', jsonBlob(projectOf(store)));
    },
  },
];

/** The active object if it has a mask, else the last that has one. */
async function withSelected(
  store: Store,
  action: (image: ImageState, selected: Masked) => Promise<void>,
): Promise<void> {
  const image = store.activeImage.value;
  if (image === null) return;
  const found = maskedObjects(store, image);
  const active = activeObjectOf(image);
  const selected = found.find(({ object }) => object === active) ?? found.at(-1);
  if (selected !== undefined) await action(image, selected);
}

function maskedObjects(store: Store, image: ImageState): Masked[] {
  return image.document.objects.flatMap((object) => {
    const mask = resultOf(store.session.value, object)?.mask;
    return mask === undefined ? [] : [{ object, mask }];
  });
}
