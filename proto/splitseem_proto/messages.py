"""Messages of the protocol: frozen, typed, over numpy. Coordinates are in the image frame."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from splitseem_proto.coco_rle import CocoRle
from splitseem_proto.errors import MessageError
from splitseem_proto.geometry import ImageGeometry, check_roi
from splitseem_proto.limits import MAX_DIMENSION, MAX_OBJECT_NUMBER
from splitseem_proto.prompt_items import KnownMask, PromptItem, check_finite
from splitseem_proto.tensors import NamedTensor

PROTOCOL_VERSION = 1
PROJECT_FORMAT = 1

# Who chose the label of a saved object.
LABEL_ORIGINS = ("user", "model")
PHOTO_STATES = ("done", "checked", "rejected")

# Stride of each tensor that an embedding must hold, in wire order: levels coarse to fine, then mask features,
EMBEDDING_STRIDES: Mapping[str, int] = MappingProxyType(
    {"level0": 32, "level1": 16, "level2": 8, "mask_features": 4}
)
# or instead of them the map that they are one convolution of, and their averages at the sizes of the levels.
MASK_SOURCE_STRIDES: Mapping[str, int] = MappingProxyType(
    {"mask_source": 4, "mask_level0": 32, "mask_level1": 16, "mask_level2": 8}
)
# or the map of the backbone that with level2 makes that one.
LATERAL_STRIDES: Mapping[str, int] = MappingProxyType({"lateral": 4})

# Dtypes that the tensors of an embedding may have, by its codec.
CODEC_DTYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "float32": ("float32",),
        "float16": ("float16",),
        "int8": ("int8",),
        "uint10": ("uint10", "uint8"),
        "uint8": ("uint8",),
    }
)

_FINGERPRINT = re.compile(r"[0-9a-f]{8,128}")
_KEY = re.compile(r"[0-9a-f]{32,128}|")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Embedding:
    """All that the decoder needs of one image.

    Args:
        protocol_version: version of the format it is written in, `PROTOCOL_VERSION`.
        fingerprint: of the model that made it, 8 to 128 hexadecimal digits.
        key: address of the content, 32 to 128 hexadecimal digits, or empty when it has none yet.
        geometry: how the image was brought to the model input.
        codec: name in `CODEC_DTYPES`, which says what dtypes the tensors may have.
        tensors: `level0`, `level1`, `level2` `[1, D, h, w]` (strides 32, 16, 8) and `mask_features`
            `[1, C, H/4, W/4]`, where (H, W) is the padded size, or instead of these `mask_source`
            `[1, S, H/4, W/4]` and `mask_level0`, `mask_level1`, `mask_level2` `[1, C, h, w]`, or `lateral`
            `[1, R, H/4, W/4]`; further names may follow.
    Raises:
        MessageError: any of this does not hold, or a name appears twice.
    """

    type: ClassVar[str] = "embedding"

    protocol_version: int
    fingerprint: str
    key: str
    geometry: ImageGeometry
    codec: str
    tensors: tuple[NamedTensor, ...]

    def __post_init__(self) -> None:
        if self.protocol_version != PROTOCOL_VERSION:
            raise MessageError(
                f"protocol version {self.protocol_version}, this package writes {PROTOCOL_VERSION}"
            )
        if not _FINGERPRINT.fullmatch(self.fingerprint):
            raise MessageError(f"fingerprint {self.fingerprint!r} must be 8 to 128 hexadecimal digits")
        if not _KEY.fullmatch(self.key):
            raise MessageError(f"key {self.key!r} must be empty or 32 to 128 hexadecimal digits")
        names = [tensor.name for tensor in self.tensors]
        if len(set(names)) != len(names):
            raise MessageError(f"tensor names must differ, got {names}")
        for tensor in self.tensors:
            if tensor.dtype not in CODEC_DTYPES.get(self.codec, ()):
                raise MessageError(f"tensor {tensor.name} is {tensor.dtype}, the codec is {self.codec!r}")
        for name, stride in required_maps(names).items():
            self._check_map(name, stride)

    def _check_map(self, name: str, stride: int) -> None:
        shape = self.tensor(name).array.shape
        padded_h, padded_w = self.geometry.padded_hw
        map_hw = (shape[2] * stride, shape[3] * stride) if len(shape) == 4 else None
        if map_hw != (padded_h, padded_w) or shape[0] != 1:
            raise MessageError(
                f"tensor {name} has the shape {list(shape)}, expected [1, C, h, w] with"
                f" h = {padded_h} / {stride}, w = {padded_w} / {stride}"
            )

    def tensor(self, name: str) -> NamedTensor:
        """The tensor of that name.

        Raises:
            MessageError: there is none.
        """
        for tensor in self.tensors:
            if tensor.name == name:
                return tensor
        raise MessageError(f"no tensor {name!r} among {[tensor.name for tensor in self.tensors]}")


def required_maps(names: Collection[str]) -> Mapping[str, int]:
    """Name and stride of the maps that an embedding with tensors of these names must hold."""
    if "mask_features" in names:
        return EMBEDDING_STRIDES
    levels = {name: stride for name, stride in EMBEDDING_STRIDES.items() if name != "mask_features"}
    for other in (MASK_SOURCE_STRIDES, LATERAL_STRIDES):
        if next(iter(other)) in names:
            return {**levels, **other}
    return EMBEDDING_STRIDES


@dataclass(frozen=True)
class Prompt:
    """What the user gave for one object so far, in the order in which it was given; at least one item."""

    type: ClassVar[str] = "prompt"

    items: tuple[PromptItem, ...]

    def __post_init__(self) -> None:
        if not self.items:
            raise MessageError("a prompt needs at least one item")


@dataclass(frozen=True)
class StepResult:
    """Answer of the decoder to one prompt.

    Args:
        mask: in the image frame.
        label: name of the object, or None when the model has no vocabulary.
        label_score: probability of the label, 0 to 1; present with the label.
        score: of the selected query, unbounded, higher is better.
        timings: milliseconds by name of the stage.
    Raises:
        MessageError: a score or timing is out of range, or only one of label and label_score is given.
    """

    type: ClassVar[str] = "step_result"

    mask: CocoRle
    label: str | None
    label_score: float | None
    score: float
    timings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.label is None) != (self.label_score is None):
            raise MessageError("label and label_score come together")
        if self.label_score is not None and not 0 <= self.label_score <= 1:
            raise MessageError(f"label_score {self.label_score} must be within 0 to 1")
        check_finite("score", (self.score,))
        _check_timings(self.timings)


@dataclass(frozen=True)
class ProjectObject:
    """One segmented object: its prompts in order and the mask they gave.

    Every prompt was one step; replaying them in order gives the same mask.

    Args:
        prompts: in the order in which they were given.
        mask: in the image frame, or None when the object has no mask yet.
        label: name of the object, or None.
        score: of the last step, or None when there was none.
        timings: milliseconds by name of the stage, of the last step.
        id: the same in every file that the object is saved in, or None when the writer gave none.
        number: that people see, unique within the image, or None.
        label_origin: "user" when the user chose or confirmed the label, "model" when it is a guess, or None
            when that is not known.
        hidden: whether the object was not drawn.
        locked: whether tools leave it as it is.
        group: that it belongs to, with other objects of the image, or None.
        attributes: strings and booleans by name.
        roi_xywh: left, top, width, height of the part that was embedded for the prompts, or None: the image.
        track: objects of several images with the same are one thing that was followed; None: it was not.
    Raises:
        MessageError: a score, timing, number or origin is out of range.
    """

    prompts: tuple[PromptItem, ...]
    mask: CocoRle | None
    label: str | None
    score: float | None
    timings: Mapping[str, float] = field(default_factory=dict)
    id: str | None = None
    number: int | None = None
    label_origin: str | None = None
    hidden: bool = False
    locked: bool = False
    group: int | None = None
    attributes: Mapping[str, str | bool] = field(default_factory=dict)
    roi_xywh: tuple[int, int, int, int] | None = None
    track: int | None = None

    @property
    def masks(self) -> tuple[CocoRle, ...]:
        """All masks that it holds: its own, and those among its prompts."""
        given = tuple(prompt.rle for prompt in self.prompts if isinstance(prompt, KnownMask))
        return given if self.mask is None else (*given, self.mask)

    def __post_init__(self) -> None:
        if self.number is not None and not 1 <= self.number <= MAX_OBJECT_NUMBER:
            raise MessageError(f"number {self.number} of an object must be within 1 to {MAX_OBJECT_NUMBER}")
        for name, value in (("group", self.group), ("track", self.track)):
            if value is not None and not 1 <= value <= MAX_OBJECT_NUMBER:
                raise MessageError(f"{name} {value} of an object must be within 1 to {MAX_OBJECT_NUMBER}")
        if self.label_origin is not None and self.label_origin not in LABEL_ORIGINS:
            raise MessageError(
                f"label_origin {self.label_origin!r} must be one of {', '.join(LABEL_ORIGINS)}"
            )
        if self.score is not None:
            check_finite("score", (self.score,))
        _check_timings(self.timings)


@dataclass(frozen=True)
class ProjectImage:
    """One image of a project.

    Args:
        name: of the file, for people.
        size_hw: height and width after EXIF rotation, pixels.
        key: of the embedding, or None when it was never encoded.
        objects: in the order in which they were made; masks have the size of the image.
        file_sha256: digest of the bytes of the file, 64 hexadecimal digits, or None when it is not known.
        state: "done", "checked" or "rejected" by the user's word, or None while nothing was said.
        note: what was noted about the state, or None.
        canvas: pixels that the image was resized to for its embedding, 1 to 65,535; None: the model's own.
    Raises:
        MessageError: the key, digest, state or canvas is malformed, a mask has another size, or the part that
            was embedded for an object is not inside the image.
    """

    name: str
    size_hw: tuple[int, int]
    key: str | None
    objects: tuple[ProjectObject, ...]
    file_sha256: str | None = None
    state: str | None = None
    note: str | None = None
    canvas: int | None = None

    def __post_init__(self) -> None:
        if self.state is not None and self.state not in PHOTO_STATES:
            raise MessageError(f"state {self.state!r} of an image must be one of {', '.join(PHOTO_STATES)}")
        if self.canvas is not None and not 1 <= self.canvas <= MAX_DIMENSION:
            raise MessageError(f"canvas {self.canvas} must be 1 to {MAX_DIMENSION} pixels")
        if min(self.size_hw) < 1:
            raise MessageError(f"size_hw {list(self.size_hw)} must be positive")
        if self.key is not None and (not self.key or not _KEY.fullmatch(self.key)):
            raise MessageError(f"key {self.key!r} must be 32 to 128 hexadecimal digits")
        if self.file_sha256 is not None and not _SHA256.fullmatch(self.file_sha256):
            raise MessageError(f"file_sha256 {self.file_sha256!r} must be 64 hexadecimal digits")
        for number, item in enumerate(self.objects):
            other = [mask.size for mask in item.masks if mask.size != self.size_hw]
            if other:
                raise MessageError(
                    f"mask of object {number} has the size {list(other[0])}, the image {list(self.size_hw)}"
                )
            if item.roi_xywh is not None:
                check_roi(item.roi_xywh, self.size_hw)


ATTRIBUTE_KINDS = ("select", "checkbox", "text")
OVERLAPS = ("gives-way", "eats")


@dataclass(frozen=True)
class ClassAttribute:
    """What objects of a class say beside their label.

    Args:
        class_name: of the class.
        name: of the attribute, not blank.
        kind: "select" one of values, "checkbox" or "text".
        values: of a select, in order; else empty.
    Raises:
        MessageError: another kind, a blank name, a select without values or another kind with some.
    """

    class_name: str
    name: str
    kind: str
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in ATTRIBUTE_KINDS:
            raise MessageError(
                f"kind {self.kind!r} of an attribute must be one of {', '.join(ATTRIBUTE_KINDS)}"
            )
        if not self.name.strip():
            raise MessageError("the name of an attribute must not be blank")
        if bool(self.values) != (self.kind == "select"):
            raise MessageError(f"attribute {self.name!r}: a select has values, the others have none")


@dataclass(frozen=True)
class Project:
    """Images with their objects, as the browser client saves them.

    Args:
        images: in the order in which they were opened.
        format: version of the project file, `PROJECT_FORMAT`.
        class_names: what objects are to be called; None: what the model calls them.
        classes: names that the user labels objects with, in the user's order, where they are not
            `class_names`; None when there are none.
        attributes: of objects, by their class.
        overlap: of which object a pixel of several masks is, "gives-way" (the first) or "eats" (the last), or
            None: of all.
        class_colours: that the user chose, "#rrggbb", by the name of the class; others follow from the name.
    Raises:
        MessageError: another format, a name is blank, or a colour is written otherwise.
    """

    type: ClassVar[str] = "project"

    images: tuple[ProjectImage, ...]
    format: int = PROJECT_FORMAT
    class_names: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    attributes: tuple[ClassAttribute, ...] = ()
    overlap: str | None = None
    class_colours: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.format != PROJECT_FORMAT:
            raise MessageError(f"project format {self.format}, this package knows {PROJECT_FORMAT}")
        if self.overlap is not None and self.overlap not in OVERLAPS:
            raise MessageError(f"overlap {self.overlap!r} must be one of {', '.join(OVERLAPS)}")
        names = (*(self.class_names or ()), *(self.classes or ()), *self.class_colours)
        if not all(name.strip() for name in names):
            raise MessageError("a class name must not be blank")
        for name, colour in self.class_colours.items():
            if not _COLOUR.fullmatch(colour):
                raise MessageError(f"colour {colour!r} of class {name!r} must be # and 6 digits of 0-9a-f")


Message = Embedding | Prompt | StepResult | Project


def _check_timings(timings: Mapping[str, float]) -> None:
    if not all(math.isfinite(value) and value >= 0 for value in timings.values()):
        raise MessageError(f"timings must be finite and not negative, got {dict(timings)}")
