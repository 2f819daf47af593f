"""Shapes of the text encoders."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class UniClConfig:
    """The text transformer of the official models.

    Attributes:
        out_dim: width of the joint space, the decoder's width too.
    """

    width: int = 512
    layers: int = 12
    heads: int = 8
    context: int = 77
    num_tokens: int = 49408
    out_dim: int = 512
    kind: Literal["unicl"] = "unicl"
