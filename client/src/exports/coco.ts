/** Annotated photos -> COCO JSON: one annotation an object, as uncompressed run lengths or as polygons. */
import { rleBounds } from '../shared/rle';
import { videosOf, type Video } from '../pixels/videos';
import type { CocoRle, LabelOrigin } from '../shared/types';
import type { AnnotatedObject, AnnotatedPhoto } from './annotated';
import { categorised, categoryNames, type CategoryOptions } from './categories';
import { polygonsOf } from './polygons';

export interface CocoFile {
  readonly info: { readonly description: string };
  /** Absent where no photo is a frame of one. */
  readonly videos?: readonly CocoVideo[];
  readonly images: readonly CocoImage[];
  readonly annotations: readonly CocoAnnotation[];
  readonly categories: readonly { readonly id: number; readonly name: string }[];
}

interface CocoVideo {
  readonly id: number;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Frames. */
  readonly length: number;
}

interface CocoImage {
  readonly id: number;
  readonly file_name: string;
  readonly width: number;
  readonly height: number;
  /** What the photo is called, where that cannot be its name here. */
  readonly original_name?: string;
  readonly video_id?: number;
  /** Its place in the video, from 0. */
  readonly frame_id?: number;
}

interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly segmentation: CocoRle | readonly (readonly number[])[];
  readonly area: number;
  readonly bbox: readonly [number, number, number, number];
  readonly iscrowd: 0;
  /** The same for one thing in the frames of a video. */
  readonly track_id?: number;
  readonly attributes: CocoAttributes;
}

interface CocoAttributes {
  /** In the page's list of objects. */
  readonly number: number;
  readonly label_origin?: LabelOrigin;
  readonly guess?: string;
  readonly guess_score?: number;
  readonly group?: number;
  /** As CVAT writes them: by their names. */
  readonly [said: string]: unknown;
}

export interface CocoOptions extends CategoryOptions {
  readonly segmentation: 'rle' | 'polygons';
}

/** Objects with an empty mask are left out. */
export function toCoco(photos: readonly AnnotatedPhoto[], options: CocoOptions): CocoFile {
  const found = categorised(photos, options);
  const names = categoryNames(found, options);
  const annotated = found.flatMap(({ objects }, index) =>
    objects.map((named) => ({ ...named, imageId: index + 1 })),
  );
  const videos = videosOf(photos);
  return {
    info: { description: 'Made with splitseem' },
    ...(videos.length > 0 && { videos: videos.map((video, index) => cocoVideo(video, index + 1, photos)) }),
    images: photos.map(({ name, fileName, size }, index) => ({
      id: index + 1,
      file_name: fileName,
      width: size.width,
      height: size.height,
      ...(name !== fileName && { original_name: name }),
      ...frameIn(videos, index),
    })),
    annotations: annotated.map(({ object, category, imageId }, index) => ({
      id: index + 1,
      image_id: imageId,
      category_id: names.indexOf(category) + 1,
      segmentation: options.segmentation === 'rle' ? object.mask : polygonsOf(object.mask, options.tolerance),
      area: object.area,
      bbox: rleBounds(object.mask),
      iscrowd: 0,
      ...(object.track !== undefined && { track_id: object.track }),
      attributes: attributesOf(object),
    })),
    categories: names.map((name, index) => ({ id: index + 1, name })),
  };
}

function cocoVideo(
  { name, first, last }: Video,
  id: number,
  photos: readonly Pick<AnnotatedPhoto, 'size'>[],
): CocoVideo {
  const { width, height } = photos[first]?.size ?? { width: 0, height: 0 };
  return { id, name, width, height, length: last - first + 1 };
}

/** Which frame of which video a photo is. */
function frameIn(videos: readonly Video[], place: number): Pick<CocoImage, 'video_id' | 'frame_id'> {
  const index = videos.findIndex(({ first, last }) => first <= place && place <= last);
  const video = videos[index];
  return video === undefined ? {} : { video_id: index + 1, frame_id: place - video.first };
}

const attributesOf = (object: AnnotatedObject): CocoAttributes => ({
  ...object.attributes,
  ...factsOf(object),
});

const factsOf = ({ number, labelOrigin, guess, guessScore, group }: AnnotatedObject): CocoAttributes => ({
  number,
  ...(labelOrigin !== null && { label_origin: labelOrigin }),
  ...(guess !== null && { guess }),
  ...(guessScore !== null && { guess_score: guessScore }),
  ...(group !== undefined && { group }),
});
