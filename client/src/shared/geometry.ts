import type { ImageGeometry, PointXy, SizeHw } from './types';

/** Input pixels per image pixel along both axes. */
function scaleOf(geometry: ImageGeometry): PointXy {
  const [inputHeight, inputWidth] = geometry.input_hw;
  const [, , roiWidth, roiHeight] = geometry.roi_xywh;
  return { x: inputWidth / roiWidth, y: inputHeight / roiHeight };
}

/** A position in the image frame, in the input frame (which is the padded frame without its padding). */
export function imageToInput(geometry: ImageGeometry, point: PointXy): PointXy {
  const [left, top] = geometry.roi_xywh;
  const scale = scaleOf(geometry);
  return { x: (point.x - left) * scale.x, y: (point.y - top) * scale.y };
}

/** The inverse of `imageToInput`. */
export function inputToImage(geometry: ImageGeometry, point: PointXy): PointXy {
  const [left, top] = geometry.roi_xywh;
  const scale = scaleOf(geometry);
  return { x: point.x / scale.x + left, y: point.y / scale.y + top };
}

/** Whether a position of the input frame lies on the input, borders included. */
export function insideInput(geometry: ImageGeometry, point: PointXy): boolean {
  const [height, width] = geometry.input_hw;
  return point.x >= 0 && point.y >= 0 && point.x <= width && point.y <= height;
}

export const originalSize = (geometry: ImageGeometry): SizeHw => ({
  height: geometry.original_hw[0],
  width: geometry.original_hw[1],
});

export const paddedSize = (geometry: ImageGeometry): SizeHw => ({
  height: geometry.padded_hw[0],
  width: geometry.padded_hw[1],
});
