"""The contract between server and client: messages, their bytes, and the one conversion between image frames.

Needs numpy and msgpack only. The byte format is specified in `proto/README.md`.
"""

from splitseem_proto.coco_rle import CocoRle
from splitseem_proto.codec import pack, unpack
from splitseem_proto.errors import (
    CodecError,
    GeometryError,
    MessageError,
    ProtoError,
    QuantizeError,
    RleError,
)
from splitseem_proto.geometry import ImageGeometry
from splitseem_proto.messages import (
    EMBEDDING_STRIDES,
    PROJECT_FORMAT,
    PROTOCOL_VERSION,
    ClassAttribute,
    Embedding,
    Message,
    Project,
    ProjectImage,
    ProjectObject,
    Prompt,
    StepResult,
)
from splitseem_proto.overlap import masks_apart
from splitseem_proto.plain import from_plain, project_from_dict, project_to_dict, to_plain
from splitseem_proto.prompt_items import (
    Box,
    Click,
    KnownMask,
    Paint,
    Polygon,
    PromptItem,
    Repair,
    Scribble,
    TextPrompt,
)
from splitseem_proto.quantize import CODECS, decode_tensor, encode_tensor
from splitseem_proto.rle import decode_rle, encode_rle
from splitseem_proto.tensors import NamedTensor

__all__ = [
    "CODECS",
    "EMBEDDING_STRIDES",
    "PROJECT_FORMAT",
    "PROTOCOL_VERSION",
    "Box",
    "ClassAttribute",
    "Click",
    "CocoRle",
    "CodecError",
    "Embedding",
    "GeometryError",
    "ImageGeometry",
    "KnownMask",
    "Message",
    "MessageError",
    "NamedTensor",
    "Paint",
    "Polygon",
    "Project",
    "ProjectImage",
    "ProjectObject",
    "Prompt",
    "PromptItem",
    "ProtoError",
    "QuantizeError",
    "Repair",
    "RleError",
    "Scribble",
    "StepResult",
    "TextPrompt",
    "decode_rle",
    "decode_tensor",
    "encode_rle",
    "encode_tensor",
    "from_plain",
    "masks_apart",
    "pack",
    "project_from_dict",
    "project_to_dict",
    "to_plain",
    "unpack",
]
