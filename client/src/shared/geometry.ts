import type { ImageGeometry, PointXy, SizeHw } from './types';

/** A position in the image frame, in the input frame (which is the padded frame without its padding). */
export function imageToInput({ input_hw, roi_xywh }: ImageGeometry, { x, y }: PointXy): PointXy {
  const [inputHeight, inputWidth] = input_hw;
  const [left, top, width, height] = roi_xywh;
  return { x: (x - left) * (inputWidth / width), y: (y - top) * (inputHeight / height) };
}

export function inputToImage({ input_hw, roi_xywh }: ImageGeometry, { x, y }: PointXy): PointXy {
  const [inputHeight, inputWidth] = input_hw;
  const [left, top, width, height] = roi_xywh;
  return { x: x / (inputWidth / width) + left, y: y / (inputHeight / height) + top };
}

export const originalSize = (geometry: ImageGeometry): SizeHw => ({
  height: geometry.original_hw[0],
  width: geometry.original_hw[1],
});

export const paddedSize = (geometry: ImageGeometry): SizeHw => ({
  height: geometry.padded_hw[0],
  width: geometry.padded_hw[1],
});
