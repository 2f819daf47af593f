"""Mask refiner -> two more ONNX graphs: `look.onnx` once per image, `refine.onnx` once per interaction."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from splitseem_export.errors import ParityError
from splitseem_export.graphs import trace
from splitseem_export.io_spec import GraphSpec, TensorSpec
from splitseem_export.precision import stored
from splitseem_model.mask.refiner import MaskRefiner, RefinerFeatures

TOLERANCE = 1e-3
"""Largest difference allowed in a mask logit."""

_FEATURES = RefinerFeatures._fields


@dataclass(frozen=True)
class RefinerGraphs:
    """Both graphs as bytes, with what goes in and out of each."""

    look: bytes
    refine: bytes
    look_spec: GraphSpec
    refine_spec: GraphSpec

    def stored(self, precision: str) -> "RefinerGraphs":
        """The same in a precision of `precision.PRECISIONS`."""
        return replace(self, look=stored(self.look, precision), refine=stored(self.refine, precision))


class _LookGraph(nn.Module):
    def __init__(self, refiner: MaskRefiner) -> None:
        super().__init__()
        self.refiner = refiner

    def forward(self, mask_features: Tensor, level1: Tensor, level2: Tensor) -> RefinerFeatures:
        return self.refiner.prepare(mask_features, level1, level2)


class _RefineGraph(nn.Module):
    def __init__(self, refiner: MaskRefiner) -> None:
        super().__init__()
        self.refiner = refiner

    def forward(self, *tensors: Tensor) -> Tensor:
        features, inputs = tensors[: len(_FEATURES)], tensors[len(_FEATURES) :]
        refined: Tensor = self.refiner(RefinerFeatures(*features), *inputs)
        return refined


def trace_refiner(refiner: MaskRefiner) -> RefinerGraphs:
    """Export both calls of a refiner."""
    look, refine = look_spec(refiner), refine_spec(refiner)
    return RefinerGraphs(trace(_LookGraph(refiner), look), trace(_RefineGraph(refiner), refine), look, refine)


def look_spec(refiner: MaskRefiner) -> GraphSpec:
    """`look.onnx`: once per image."""
    inputs = (
        _float("mask_features", 1, refiner.look.in_channels, "h4", "w4"),
        _float("level1", 1, refiner.coarse_look.in_channels, "h1", "w1"),
        _float("level2", 1, refiner.middle_look.in_channels, "h2", "w2"),
    )
    return GraphSpec(inputs, _features(refiner))


def refine_spec(refiner: MaskRefiner) -> GraphSpec:
    """`refine.onnx`: once per interaction."""
    inputs = (
        _float("mask_logits", 1, 1, "h4", "w4"),
        _float("previous_mask", 1, 1, "h4", "w4"),
        _float("point_coords", 1, "points", 2),
        _float("point_labels", 1, "points"),
        _float("point_mask_features", 1, "points", refiner.look.in_channels),
    )
    return GraphSpec((*_features(refiner), *inputs), (_float("refined", 1, 1, "h4", "w4"),))


def _features(refiner: MaskRefiner) -> tuple[TensorSpec, ...]:
    config = refiner.config
    return (
        _float("entered", 1, config.widths[0], "h4", "w4"),
        _float("unit_look", 1, config.look_dim, "h4", "w4"),
        _float("middle", 1, config.widths[1], "h2", "w2"),
        _float("coarse", 1, config.widths[2], "h1", "w1"),
    )


def _float(name: str, *shape: int | str) -> TensorSpec:
    return TensorSpec(name, "float32", shape)


def check_same(name: str, ours: Tensor, theirs: Tensor) -> float:
    """Largest difference of two masks' logits.

    Raises:
        ParityError: it is beyond tolerance.
    """
    error = float((ours - theirs).abs().max())
    if not error <= TOLERANCE * max(1.0, float(ours.abs().max())):
        raise ParityError(f"torch and ONNX Runtime disagree in the refiner, case {name!r}: {error:.2g}")
    return error


@torch.no_grad()
def random_case(
    refiner: MaskRefiner, cells_hw: tuple[int, int], labels: tuple[int, ...], seed: int
) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[Tensor, ...]]:
    """Random `prepare` and `forward` arguments of a map of that number of cells of stride 32."""
    generator = torch.Generator().manual_seed(seed)
    height, width = cells_hw

    def random(*shape: int) -> Tensor:
        return torch.randn(1, *shape, generator=generator)

    mask_dim = refiner.look.in_channels
    maps = (
        random(mask_dim, 8 * height, 8 * width),
        random(refiner.coarse_look.in_channels, 2 * height, 2 * width),
        random(refiner.middle_look.in_channels, 4 * height, 4 * width),
    )
    size = torch.tensor([32.0 * width, 32.0 * height])
    coords = torch.rand(1, len(labels), 2, generator=generator) * size
    inputs = (
        3 * random(1, 8 * height, 8 * width),
        3 * random(1, 8 * height, 8 * width),
        coords,
        torch.tensor([labels], dtype=torch.float32),
        random(len(labels), mask_dim),
    )
    return maps, inputs
