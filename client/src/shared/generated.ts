// Generated from proto/schema by scripts/generateTypes.js; do not edit.

/** A rectangle, x0 < x1 and y0 < y1: around the object with label 1; with label 0 nothing in it is. */
export interface BoxItem {
  readonly kind: 'box';
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly label?: 0 | 1;
}

/** What objects of a class say beside their label; a select has values, the others have none. */
export interface ClassAttributeFields {
  readonly class: string;
  readonly name: string;
  readonly kind: 'select' | 'checkbox' | 'text';
  readonly values?: readonly string[] | null;
}

/** One position; label 1 for the object, 0 for what is not; extent: a smaller or larger mask is meant. */
export interface ClickItem {
  readonly kind: 'click';
  readonly x: number;
  readonly y: number;
  readonly label: 0 | 1;
  readonly extent?: 'smaller' | 'larger';
}

/** A mask as COCO run lengths, column-major, background first. */
export interface CocoRleFields {
  readonly size: readonly [number, number];
  readonly counts: readonly number[];
}

/** All that the decoder needs of one image. */
export interface EmbeddingMessage {
  readonly protocol_version: 1;
  readonly type: 'embedding';
  readonly fingerprint: string;
  readonly key: string;
  readonly geometry: ImageGeometryFields;
  readonly codec: 'float32' | 'float16' | 'int8' | 'uint10' | 'uint8';
  readonly tensors: readonly NamedTensorFields[];
}

/** How an image was cropped, resized and padded. */
export interface ImageGeometryFields {
  readonly original_hw: readonly [number, number];
  readonly roi_xywh: readonly [number, number, number, number];
  readonly input_hw: readonly [number, number];
  readonly padded_hw: readonly [number, number];
}

/** The whole mask, as COCO run lengths of the photo's size; what came before it no longer counts.

A hint is the mask of another photo: the decoder remembers it, and is given no places of it. */
export interface MaskItem {
  readonly kind: 'mask';
  readonly size: readonly [number, number];
  readonly counts: readonly number[];
  readonly hint?: boolean;
}

/** One tensor: value = (data - zero_point) * scale, or data * scale + offset, per channel. */
export interface NamedTensorFields {
  readonly name: string;
  readonly dtype: 'float32' | 'float16' | 'int8' | 'uint10' | 'uint8';
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  readonly scale?: Uint8Array | null;
  readonly zero_point?: Uint8Array | null;
  readonly offset?: Uint8Array | null;
}

/** A stroke of a brush: label 1 sets the pixels under it in the mask, label 0 clears them. */
export interface PaintItem {
  readonly kind: 'paint';
  readonly points_xy: readonly (readonly [number, number])[];
  readonly radius: number;
  readonly label: 0 | 1;
}

/** An outline of at least three points, which closes itself; label as for a box. */
export interface PolygonItem {
  readonly kind: 'polygon';
  readonly points_xy: readonly (readonly [number, number])[];
  readonly label?: 0 | 1;
}

/** One image of a project. */
export interface ProjectImageFields {
  readonly name: string;
  readonly size_hw: readonly [number, number];
  readonly key: string | null;
  readonly objects: readonly ProjectObjectFields[];
  readonly file_sha256?: string | null;
  readonly state?: 'done' | 'checked' | 'rejected' | null;
  readonly note?: string | null;
  readonly canvas?: number | null;
}

/** Images with their objects, as the browser client saves them. */
export interface ProjectMessage {
  readonly protocol_version: 1;
  readonly type: 'project';
  readonly format: 1;
  readonly images: readonly ProjectImageFields[];
  readonly class_names?: readonly string[] | null;
  readonly classes?: readonly string[] | null;
  readonly attributes?: readonly ClassAttributeFields[] | null;
  readonly overlap?: 'gives-way' | 'eats' | null;
  readonly class_colours?: Readonly<Record<string, string>> | null;
}

/** One segmented object: its prompts in order and the mask they gave. */
export interface ProjectObjectFields {
  readonly prompts: readonly (ClickItem | BoxItem | ScribbleItem | PolygonItem | TextItem | PaintItem | MaskItem | RepairItem)[];
  readonly mask: CocoRleFields | null;
  readonly label: string | null;
  readonly score: number | null;
  readonly timings: Readonly<Record<string, number>>;
  readonly id?: string | null;
  readonly number?: number | null;
  readonly label_origin?: 'user' | 'model' | null;
  readonly hidden?: boolean | null;
  readonly locked?: boolean | null;
  readonly group?: number | null;
  readonly attributes?: Readonly<Record<string, string | boolean>> | null;
  readonly roi_xywh?: readonly [number, number, number, number] | null;
  readonly track?: number | null;
}

/** What the user gave for one object so far, in order. */
export interface PromptMessage {
  readonly protocol_version: 1;
  readonly type: 'prompt';
  readonly items: readonly (ClickItem | BoxItem | ScribbleItem | PolygonItem | TextItem | PaintItem | MaskItem | RepairItem)[];
}

/** A change of the whole mask: fill-holes or remove-specks of up to size pixels, or smooth within size. */
export interface RepairItem {
  readonly kind: 'repair';
  readonly method: 'fill-holes' | 'remove-specks' | 'smooth';
  readonly size: number;
}

/** A stroke of at least one point; label as for a click. */
export interface ScribbleItem {
  readonly kind: 'scribble';
  readonly points_xy: readonly (readonly [number, number])[];
  readonly label: 0 | 1;
}

/** Answer of the decoder to one prompt. */
export interface StepResultMessage {
  readonly protocol_version: 1;
  readonly type: 'step_result';
  readonly mask: CocoRleFields;
  readonly label: string | null;
  readonly label_score: number | null;
  readonly score: number;
  readonly timings: Readonly<Record<string, number>>;
}

/** Words that name the object; not blank. */
export interface TextItem {
  readonly kind: 'text';
  readonly text: string;
}
