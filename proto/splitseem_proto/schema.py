"""JSON Schemas of the messages: `python -m splitseem_proto.schema` writes them to `proto/schema`.

Needs pydantic, which nothing else in this package does. Binary fields stand as strings of format `binary`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BaseModel, Field, WithJsonSchema, create_model

from splitseem_proto import limits
from splitseem_proto.prompt_items import PROMPT_KINDS, PromptItem

SCHEMAS = Path(__file__).resolve().parents[1] / "schema"

Side = Annotated[int, Field(ge=1, le=limits.MAX_DIMENSION)]
SizeHw = Annotated[list[Side], Field(min_length=2, max_length=2)]
Offset = Annotated[int, Field(ge=0, le=limits.MAX_DIMENSION)]
RoiXywh = Annotated[list[Offset], Field(min_length=4, max_length=4)]
Dtype = Literal["float32", "float16", "int8", "uint10", "uint8"]
Codec = Literal["float32", "float16", "int8", "uint10", "uint8"]
Key = Annotated[str, Field(pattern="^[0-9a-f]{32,128}$")]
Words = Annotated[str, Field(max_length=limits.MAX_TEXT_BYTES)]
Name = Annotated[str, Field(max_length=limits.MAX_NAME_BYTES)]
Colour = Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]
Timing = Annotated[float, Field(ge=0)]
Timings = Annotated[dict[str, Timing], Field(max_length=limits.MAX_TIMINGS)]


class ImageGeometryFields(BaseModel):
    """How an image was cropped, resized and padded."""

    original_hw: SizeHw
    roi_xywh: RoiXywh
    input_hw: SizeHw
    padded_hw: SizeHw


class NamedTensorFields(BaseModel):
    """One tensor: value = (data - zero_point) * scale, or data * scale + offset, per channel."""

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]
    dtype: Dtype
    shape: Annotated[list[Side], Field(min_length=1, max_length=limits.MAX_TENSOR_RANK)]
    data: bytes
    scale: bytes | None = None
    zero_point: bytes | None = None
    offset: bytes | None = None


class Envelope(BaseModel):
    """What every message begins with."""

    protocol_version: Literal[1]


class EmbeddingMessage(Envelope):
    """All that the decoder needs of one image."""

    type: Literal["embedding"]
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{8,128}$")]
    key: Annotated[str, Field(pattern="^([0-9a-f]{32,128})?$")]
    geometry: ImageGeometryFields
    codec: Codec
    tensors: Annotated[list[NamedTensorFields], Field(min_length=4, max_length=limits.MAX_TENSORS)]


def item_model(kind: type[PromptItem]) -> type[BaseModel]:
    """A kind of prompt by the fields of its class."""
    members: dict[str, Any] = {"kind": (Literal[kind.kind], ...)}
    for name, on_wire in kind.wire.items():
        described = Annotated[Any, WithJsonSchema(dict(on_wire.schema))]
        members[name] = (described, getattr(kind, name) if on_wire.is_optional else ...)
    return create_model(f"{kind.kind.capitalize()}Item", __doc__=kind.__doc__, **members)


if TYPE_CHECKING:
    PromptItemFields = BaseModel
else:
    PromptItemFields = Annotated[
        Union[tuple(item_model(kind) for kind in PROMPT_KINDS.values())],  # noqa: UP007
        Field(discriminator="kind"),
    ]


class PromptMessage(Envelope):
    """What the user gave for one object so far, in order."""

    type: Literal["prompt"]
    items: Annotated[list[PromptItemFields], Field(min_length=1, max_length=limits.MAX_PROMPT_ITEMS)]


class CocoRleFields(BaseModel):
    """A mask as COCO run lengths, column-major, background first."""

    size: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2, max_length=2)]
    counts: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=limits.MAX_RLE_COUNTS)]


class StepResultMessage(Envelope):
    """Answer of the decoder to one prompt."""

    type: Literal["step_result"]
    mask: CocoRleFields
    label: Words | None
    label_score: Annotated[float, Field(ge=0, le=1)] | None
    score: float
    timings: Timings


class ProjectObjectFields(BaseModel):
    """One segmented object: its prompts in order and the mask they gave."""

    prompts: Annotated[list[PromptItemFields], Field(max_length=limits.MAX_PROMPT_ITEMS)]
    mask: CocoRleFields | None
    label: Words | None
    score: float | None
    timings: Timings
    id: Name | None = None
    number: Annotated[int, Field(ge=1, le=limits.MAX_OBJECT_NUMBER)] | None = None
    label_origin: Literal["user", "model"] | None = None
    hidden: bool | None = None
    locked: bool | None = None
    group: Annotated[int, Field(ge=1, le=limits.MAX_OBJECT_NUMBER)] | None = None
    attributes: Annotated[dict[str, Words | bool], Field(max_length=limits.MAX_ATTRIBUTES)] | None = None
    roi_xywh: RoiXywh | None = None
    track: Annotated[int, Field(ge=1, le=limits.MAX_OBJECT_NUMBER)] | None = None


class ProjectImageFields(BaseModel):
    """One image of a project."""

    name: Words
    size_hw: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2, max_length=2)]
    key: Key | None
    objects: Annotated[list[ProjectObjectFields], Field(max_length=limits.MAX_PROJECT_OBJECTS)]
    file_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    state: Literal["done", "checked", "rejected"] | None = None
    note: Words | None = None
    canvas: Annotated[int, Field(ge=1, le=limits.MAX_DIMENSION)] | None = None


class ClassAttributeFields(BaseModel):
    """What objects of a class say beside their label; a select has values, the others have none."""

    class_name: Annotated[Words, Field(alias="class")]
    name: Words
    kind: Literal["select", "checkbox", "text"]
    values: Annotated[list[Words], Field(max_length=limits.MAX_ATTRIBUTE_VALUES)] | None = None


class ProjectMessage(Envelope):
    """Images with their objects, as the browser client saves them."""

    type: Literal["project"]
    format: Literal[1]
    images: Annotated[list[ProjectImageFields], Field(max_length=limits.MAX_PROJECT_IMAGES)]
    class_names: Annotated[list[Words], Field(max_length=limits.MAX_CLASS_NAMES)] | None = None
    classes: Annotated[list[Words], Field(max_length=limits.MAX_CLASS_NAMES)] | None = None
    attributes: Annotated[list[ClassAttributeFields], Field(max_length=limits.MAX_CLASS_NAMES)] | None = None
    overlap: Literal["gives-way", "eats"] | None = None
    class_colours: Annotated[dict[Words, Colour], Field(max_length=limits.MAX_CLASS_NAMES)] | None = None


MESSAGE_MODELS: dict[str, type[Envelope]] = {
    "embedding": EmbeddingMessage,
    "prompt": PromptMessage,
    "step_result": StepResultMessage,
    "project": ProjectMessage,
}


def build_schemas() -> dict[str, bytes]:
    """Content of every schema by the name of its file."""
    return {
        f"{name}.json": (json.dumps(model.model_json_schema(), indent=2) + "\n").encode()
        for name, model in MESSAGE_MODELS.items()
    }


def write_schemas(folder: Path) -> None:
    """Write all schemas to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in build_schemas().items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]) if len(sys.argv) > 1 else SCHEMAS)
