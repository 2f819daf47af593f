"""Inputs for a graph at one image size, by the names and axes that are in it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from benchmarks.browser.matmuls import Feeds
from onnx import TensorProto


@dataclass(frozen=True)
class Feed:
    """One input: labels and int64 are 1, a bias is 0, everything else is drawn from a normal distribution."""

    name: str
    dtype: str
    dims: tuple[int, ...]


def axes_at(canvas: int, points: int = 2) -> dict[str, int]:
    """Length of every named axis for a square photo of `canvas` pixels a side."""
    sides = {level: canvas >> 5 - level for level in range(3)}
    return {
        "batch": 1,
        "points": points,
        "h4": canvas // 4,
        "w4": canvas // 4,
        **{f"{axis}{level}": side for level, side in sides.items() for axis in "hw"},
        **{f"n{level}": side * side for level, side in sides.items()},
    }


def feeds_of(graph: bytes, axes: dict[str, int]) -> list[Feed]:
    """The inputs of a graph; an axis named "24+points" is a sum."""
    inputs = onnx.load_from_string(graph).graph.input
    return [
        Feed(
            value.name,
            "int64" if value.type.tensor_type.elem_type == TensorProto.INT64 else "float32",
            tuple(_length(dim, axes) for dim in value.type.tensor_type.shape.dim),
        )
        for value in inputs
    ]


def _length(dim: Any, axes: dict[str, int]) -> int:
    if not dim.dim_param:
        return int(dim.dim_value)
    return sum(int(part) if part.isdigit() else axes[part] for part in dim.dim_param.split("+"))


def arrays_of(feeds: list[Feed]) -> Feeds:
    """The same as arrays, for a run outside the browser."""
    rng = np.random.default_rng(0)
    return {
        feed.name: np.ones(feed.dims, dtype=np.int64)
        if feed.dtype == "int64"
        else rng.standard_normal(feed.dims, dtype=np.float32)
        for feed in feeds
    }
