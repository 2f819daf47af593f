"""Limits of the wire format; `proto/README.md` lists them and a test compares the two."""

from __future__ import annotations

MAX_MESSAGE_BYTES = 268_435_456
MAX_TENSORS = 32
MAX_TENSOR_RANK = 4
MAX_DIMENSION = 65_535
MAX_TENSOR_ELEMENTS = 67_108_864
MAX_NAME_BYTES = 128
MAX_TEXT_BYTES = 4_096
MAX_PROMPT_ITEMS = 1_024
MAX_STROKE_POINTS = 16_384
MAX_RLE_COUNTS = 4_194_304
MAX_MASK_PIXELS = 1_073_741_824
MAX_SMOOTHING = 256
MAX_TIMINGS = 64
MAX_PROJECT_IMAGES = 4_096
MAX_PROJECT_OBJECTS = 4_096
MAX_OBJECT_NUMBER = 65_535
MAX_CLASS_NAMES = 4_096

ALL = {name: value for name, value in list(globals().items()) if name.startswith("MAX_")}
