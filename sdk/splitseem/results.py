"""What the service answers, as NumPy arrays."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from splitseem.errors import BadAnswer
from splitseem.inputs import ImageFile
from splitseem_proto import CocoRle, Embedding, decode_rle, decode_tensor, unpack

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class EmbeddedImage:
    """An image that the server has encoded.

    Attributes:
        data: the embedding as it travels, see `proto/README.md`.
        file: what was sent, to be sent again when the server has forgotten the key; None for one that was
            asked for by its key.
        options: how it was to be encoded, as the query has it.
        cache: where the server had it from: `hit`, `miss` or `joined`; empty when it does not say.
    """

    data: bytes = field(repr=False)
    file: ImageFile | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    cache: str = ""

    @cached_property
    def embedding(self) -> Embedding:
        """The message: geometry, fingerprint of the model, codec, tensors."""
        message = unpack(self.data)
        if not isinstance(message, Embedding):
            raise BadAnswer(f"the server did not answer with an embedding, but a {message.type}")
        return message

    @property
    def key(self) -> str:
        """Names the embedding; its content never changes."""
        return self.embedding.key

    @property
    def size_hw(self) -> tuple[int, int]:
        """Of the upright image, pixels."""
        return self.embedding.geometry.original_hw

    @cached_property
    def tensors(self) -> dict[str, Floats]:
        """Every tensor by its name, float32 `[1, C, h, w]`."""
        return {tensor.name: decode_tensor(tensor) for tensor in self.embedding.tensors}

    def save(self, path: str | Path) -> None:
        """Write the wire file, as `splitseem embed` does."""
        Path(path).write_bytes(self.data)


@dataclass(frozen=True, eq=False)
class Memory:
    """What an answer hands on to the next prompts of its object.

    Attributes:
        prompts: how many prompts were answered.
        mask_logits: float32 `[h, w]` over the padded input, a quarter of its size.
    """

    prompts: int
    mask_logits: Floats

    def to_json(self) -> dict[str, Any]:
        """As `POST /v1/decode` reads it."""
        logits = np.ascontiguousarray(self.mask_logits, dtype="<f4")
        return {
            "prompts": self.prompts,
            "shape": list(logits.shape),
            "float32_base64": base64.b64encode(logits.tobytes()).decode("ascii"),
        }

    @classmethod
    def of_json(cls, plain: Mapping[str, Any]) -> Self:
        """The inverse."""
        data = base64.b64decode(plain["float32_base64"])
        logits = np.frombuffer(data, dtype="<f4").reshape(plain["shape"]).astype(np.float32)
        return cls(plain["prompts"], logits)


@dataclass(frozen=True, eq=False)
class Found:
    """An object that prompts mean.

    Attributes:
        mask: bool `[H, W]`, of the upright image.
        score: higher is better.
        label, label_score: its best name and the probability of that; None without a vocabulary.
        class_embed: float32 `[E]`; its cosines with rows of a class matrix tell which of other names it has.
        memory: for `segment` with further prompts of the same object; None where there is nothing to hand on.
        key: of the embedding of its image.
        extent: of one of the `alternatives` of a click, which of them it is; None: the first.
    """

    mask: NDArray[np.bool_]
    score: float
    label: str | None
    label_score: float | None
    class_embed: Floats | None
    memory: Memory | None
    key: str
    extent: str | None = None


@dataclass(frozen=True, eq=False)
class Segment:
    """A part of an image that was found without a prompt.

    Attributes:
        id: in `Segmentation.ids`.
        category: row of its class in the vocabulary of the model.
        thing: whether it can be counted.
        score: None in `semantic`.
        mask: bool `[H, W]`, of the upright image.
    """

    id: int
    category: int
    label: str
    thing: bool
    score: float | None
    mask: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Everything in an image; `key` is that of its embedding."""

    mode: str
    key: str
    size_hw: tuple[int, int]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, eq=False)
class TextVectors:
    """What texts and class names mean to the model.

    Attributes:
        tokens: a text's float32 `[T, D]` each. sentences: float32 `[N, E]`, a row a text.
        class_matrix: float32 `[K, E]`, a row of length one a class name.
        fingerprint: of the model.
    """

    tokens: tuple[Floats, ...]
    sentences: Floats
    class_matrix: Floats
    fingerprint: str = ""


def mask_of(plain: Mapping[str, Any]) -> NDArray[np.bool_]:
    """bool `[H, W]` of uncompressed COCO run lengths."""
    height, width = plain["size"]
    return decode_rle(CocoRle((height, width), tuple(plain["counts"])))
