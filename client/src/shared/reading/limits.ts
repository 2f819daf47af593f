/** Limits of the wire format, as listed in `proto/README.md`; a test compares the two. */
export const MAX_MESSAGE_BYTES = 268_435_456;
export const MAX_TENSORS = 32;
export const MAX_TENSOR_RANK = 4;
export const MAX_DIMENSION = 65_535;
export const MAX_TENSOR_ELEMENTS = 67_108_864;
export const MAX_NAME_BYTES = 128;
export const MAX_TEXT_BYTES = 4_096;
export const MAX_PROMPT_ITEMS = 1_024;
export const MAX_STROKE_POINTS = 16_384;
export const MAX_RLE_COUNTS = 4_194_304;
export const MAX_MASK_PIXELS = 1_073_741_824;
export const MAX_SMOOTHING = 256;
export const MAX_TIMINGS = 64;
export const MAX_PROJECT_IMAGES = 4_096;
export const MAX_PROJECT_OBJECTS = 4_096;
export const MAX_OBJECT_NUMBER = 65_535;
export const MAX_CLASS_NAMES = 4_096;
