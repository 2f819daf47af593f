"""Messages that every reader must take."""

from __future__ import annotations

import hashlib
import math
import struct

import msgpack
import numpy as np

from splitseem_proto.coco_rle import CocoRle
from splitseem_proto.fields import Plain
from splitseem_proto.geometry import ImageGeometry
from splitseem_proto.messages import (
    EMBEDDING_STRIDES,
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
from splitseem_proto.plain import to_plain
from splitseem_proto.prompt_items import Box, Click, KnownMask, Paint, Polygon, Repair, Scribble, TextPrompt
from splitseem_proto.quantize import encode_tensor

_FINGERPRINT = "0123456789abcdef"
_KEY = "00112233445566778899aabbccddeeff"
GEOMETRY = ImageGeometry((100, 151), (10, 20, 121, 67), (30, 54), (32, 64))
_MASK = CocoRle((3, 4), (0, 2, 1, 4, 5))


_CLICK = Click(12.5, 7.25, 1)
_STEP = {"step_ms": 18.5, "postprocess_ms": 2.0}


def valid_messages() -> dict[str, Message]:
    """Messages as a writer of this package writes them, by the name of their file."""
    return {**_embeddings(), **_prompts(), **_step_results(), **_projects()}


def _embeddings() -> dict[str, Message]:
    codecs = ("float32", "float16", "int8", "uint10", "uint8")
    return {
        **{f"embedding_{codec}": embedding(codec) for codec in codecs},
        "embedding_lateral": embedding("uint10", finest="lateral"),
        "embedding_without_key": embedding("int8", key=""),
    }


def _prompts() -> dict[str, Message]:
    outline = ((0.5, 0.5), (10.5, 0.5), (5.5, 9.5))
    every_kind = (
        _CLICK,
        Click(0.0, -3.5, 0),
        Box(1.0, 2.0, 30.5, 40.5),
        Scribble(((1.5, 2.5),), 1),
        Scribble(((1.5, 2.5), (8.0, 9.0), (10.25, 3.0)), 0),
        Polygon(outline),
        TextPrompt("der grüne Papagei 🦜"),
        Paint(((1.5, 2.5), (8.0, 9.0)), 2.25, 1),
        Paint(((1.5, 2.5),), 0.5, 0),
        KnownMask(_MASK.size, _MASK.counts),
        Repair("fill-holes", 5_000),
        Repair("smooth", 3),
    )
    return {
        "prompt_click": Prompt((_CLICK,)),
        "prompt_all_kinds": Prompt(every_kind),
        "prompt_extents": Prompt((Click(1.0, 2.0, 1, "smaller"), Click(3.5, 4.5, 0, "larger"), _CLICK)),
        "prompt_hint": Prompt((KnownMask(_MASK.size, _MASK.counts, hint=True), _CLICK)),
        "prompt_negative_regions": Prompt((_CLICK, Box(1.0, 2.0, 30.5, 40.5, 0), Polygon(outline, 0))),
    }


def _step_results() -> dict[str, Message]:
    return {
        "step_result": StepResult(_MASK, "dog", 0.75, 3.25, _STEP),
        "step_result_no_label": StepResult(CocoRle((1, 1), (0, 1)), None, None, -0.5, {}),
    }


def _projects() -> dict[str, Message]:
    objects = (
        ProjectObject((_CLICK, Click(3.0, 4.0, 0)), _MASK, "dog", 3.25, _STEP),
        ProjectObject((Scribble(((0.5, 0.5), (3.5, 2.5)), 0),), CocoRle((3, 4), (12,)), None, -1.5, {}),
        ProjectObject((), None, None, None, {}),
    )
    images = (
        ProjectImage("photo é 1.jpg", (3, 4), _KEY, objects),
        ProjectImage("empty.png", (1, 1), None, ()),
    )
    cat = ProjectImage("cat.jpg", (3, 4), None, _identified(), hashlib.sha256(b"cat").hexdigest())
    return {
        "project": Project(images),
        "project_empty": Project(()),
        "project_identities": Project((cat,)),
        "project_class_names": Project((), class_names=("dog", "grüner Papagei")),
        "project_classes": Project((), classes=("grüner Papagei", "dog, large")),
        "project_attributes": Project(
            (ProjectImage("a.png", (3, 4), None, _attributed()),),
            classes=("dog",),
            attributes=(
                ClassAttribute("dog", "colour, mainly", "select", ("brown", "schwarz-weiß")),
                ClassAttribute("dog", "tame", "checkbox"),
                ClassAttribute("cat", "note", "text"),
            ),
            overlap="eats",
        ),
        "project_class_colours": Project(
            (),
            classes=("dog", "grüner Papagei"),
            class_colours={"grüner Papagei": "#00bc9b", "__proto__": "#000000", "not in the list": "#ffffff"},
        ),
        "project_photo_states": Project(_reviewed()),
        "project_canvas": Project((ProjectImage("a.jpg", (3, 4), None, (), canvas=768),)),
        "project_tracks": Project(
            tuple(
                ProjectImage(name, (3, 4), None, _followed()) for name in ("clip-0001.jpg", "clip-0002.jpg")
            )
        ),
        "project_roi": Project((ProjectImage("a.jpg", (3, 4), None, _of_parts()),)),
    }


def _of_parts() -> tuple[ProjectObject, ...]:
    """Objects whose prompts were answered on a part of the image, at its corners."""
    parts = ((0, 0, 2, 1), (1, 1, 3, 2), (0, 0, 4, 3))
    return tuple(ProjectObject((Click(1.5, 0.5, 1),), None, None, None, roi_xywh=part) for part in parts)


def _followed() -> tuple[ProjectObject, ...]:
    """An object that is one thing with that of another image."""
    prompts = (KnownMask(_MASK.size, _MASK.counts, hint=True), Click(1.5, 0.5, 1))
    return (ProjectObject(prompts, _MASK, None, 1.0, track=7),)


def _reviewed() -> tuple[ProjectImage, ...]:
    """An image of every state that a user gives, and one with a note alone."""
    given = (("done", None), ("checked", ""), ("rejected", "unscharf: bitte neu"), (None, "look again"))
    return tuple(
        ProjectImage(f"{number}.jpg", (3, 4), None, (), state=state, note=note)
        for number, (state, note) in enumerate(given)
    )


def _attributed() -> tuple[ProjectObject, ...]:
    """An object with all that is said of it beside its label."""
    said: dict[str, str | bool] = {"colour, mainly": "brown", "tame": True, "note": ""}
    return (ProjectObject((_CLICK,), _MASK, "dog", 1.0, {}, locked=True, group=2, attributes=said),)


def _identified() -> tuple[ProjectObject, ...]:
    """An object with all that tells it from others, and one with half of it."""
    prompts = (Click(2.5, 1.5, 1),)
    named = ProjectObject(
        prompts, _MASK, "dog", 1.0, {}, id="q7-image-1-object-3", number=3, label_origin="user", hidden=True
    )
    return named, ProjectObject(prompts, None, "cat", None, {}, label_origin="model")


def embedding(codec: str, *, key: str = _KEY, finest: str = "mask_features") -> Embedding:
    """A small embedding of 32 x 64 padded pixels, D = 3 and C = 2, with values that stress the codec.

    Args:
        finest: name of its map of stride 4.
    """
    padded_h, padded_w = GEOMETRY.padded_hw
    tensors = []
    for index, (name, stride) in enumerate(EMBEDDING_STRIDES.items()):
        shape = (1, 2 if name == "mask_features" else 3, padded_h // stride, padded_w // stride)
        steps = np.arange(math.prod(shape), dtype=np.int64) * 37 + index * 11
        values = ((steps % 201 - 100) / 64).astype(np.float32).reshape(shape)
        values[:, 1] = 0 if index == 0 else values[:, 1] * 4
        if codec == "float16" and index == 1:
            values.flat[:5] = [65504.0, -65504.0, 2.0**-24, 2.0**-14, 1.0 / 3.0]
        stands = finest if name == "mask_features" else name
        tensors.append(encode_tensor(stands, values, codec))
    return Embedding(PROTOCOL_VERSION, _FINGERPRINT, key, GEOMETRY, codec, tuple(tensors))


def raw_valid_cases() -> dict[str, bytes]:
    """Bytes that this package does not write but every reader must take."""
    extra = embedding_plain()
    extra["later"] = {"anything": [1, None, True, b"\x00", 2.5, "x"]}
    extra["geometry"]["later"] = 1
    extra["tensors"][0]["later"] = "x"
    extra["tensors"].append(
        {"name": "panoptic", "dtype": "int8", "shape": [1, 1], "data": b"\x05", "scale": float32_bytes(2)}
    )

    zero_point = embedding_plain()
    zero_point["tensors"][0]["zero_point"] = np.array([-128, 0, 127], dtype=np.int8).tobytes()

    mixed = to_plain(embedding("uint10"))
    byte = {"name": "photo", "dtype": "uint8", "shape": [1, 3, 1, 1], "data": b"\x00\x7f\xff"}
    odd = {"name": "odd", "dtype": "uint10", "shape": [1, 1, 3], "data": b"\x00\x81\xff\x39"}
    three, one = float32_bytes(0.5, 2, 4), float32_bytes(-1)
    mixed["tensors"].insert(3, {**byte, "scale": three, "offset": float32_bytes(0, -1, 1e-3)})
    mixed["tensors"].append({**odd, "scale": float32_bytes(0.25), "offset": one})

    reordered = dict(reversed(embedding_plain().items()))
    click = {"kind": "click", "x": 1, "y": 2, "label": 1}
    return {
        "embedding_unknown_fields": packb(extra),
        "embedding_zero_point": packb(zero_point),
        "embedding_uint10_and_uint8": packb(mixed),
        "embedding_fields_reordered": packb(reordered),
        "prompt_integer_coordinates": packb({"type": "prompt", "protocol_version": 1, "items": [click]}),
        "prompt_float32_coordinates": msgpack.packb(
            to_plain(Prompt((Click(1.5, 2.5, 1),))), use_single_float=True
        ),
    }


def embedding_plain() -> Plain:
    """Fields of the int8 embedding, fresh, to be edited."""
    return to_plain(embedding("int8"))


def packb(plain: Plain) -> bytes:
    """Plain data as msgpack, unchecked."""
    data: bytes = msgpack.packb(plain, use_bin_type=True)
    return data


def float32_bytes(*values: float) -> bytes:
    """The values as little-endian float32."""
    return struct.pack(f"<{len(values)}f", *values)
