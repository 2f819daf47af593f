"""The finest step of an official pyramid -> three more ONNX graphs, for embeddings that hold the lateral map.

They make the mask features of `lateral` and `level2`, a few channels at a time, so that no run keeps a
reader busy for long: `lateral_affine.onnx` once, then `mask_source.onnx` for all rows of the source, then
`mask_features.onnx` for all of theirs. `rows` says which: `[n, all]`, a one in each row. That n is a number
of the graph, and a multiple of what the norm of the source takes together.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from splitseem_export.errors import ParityError
from splitseem_export.graphs import trace
from splitseem_export.io_spec import GraphSpec, TensorSpec
from splitseem_export.precision import PICKED, stored
from splitseem_model.encode.folded_pyramid import enlarging_kernel, normed_projection
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.mask.reader import MaskReader
from splitseem_model.network import SegmentationModel
from splitseem_model.step.graph_runtime import Arrays, run, session

GRAPHS = ("lateral_affine", "mask_source", "mask_features")
TOLERANCES = {"float32": 1e-5, "float16": 2e-3}
"""Difference allowed of the mask features, root mean square over theirs, by the precision of the weights."""
_TOLERANCE_OF_BYTES = 0.03
_CASES = (("square", (2, 2)), ("wide", (2, 5)), ("tall", (4, 1)))
"""Name, and map size in cells of stride 32."""


ROWS = 32
"""How many are made at a time: fewer take longer, and more keep the reader busy."""

LateralGraphs = dict[str, tuple[bytes, GraphSpec]]
"""Bytes of the graphs by name, with what goes in and out of each."""


class _AffineGraph(nn.Module):
    """Projection and norm of the lateral map as one affine map, `[source, lateral + 1]`."""

    def __init__(self, fpn: FPN) -> None:
        super().__init__()
        self.adapter = fpn.adapter_1

    def forward(self, lateral: Tensor) -> Tensor:
        return normed_projection(self.adapter, lateral)


class _SourceGraph(nn.Module):
    """Some rows of the map that mask features are one convolution of, whole groups of its norm; see
    `folded_pyramid.py`."""

    kernels: Tensor
    spread: Tensor

    def __init__(self, fpn: FPN) -> None:
        super().__init__()
        self.norm = fpn.layer_1.norm
        self.together = _together(fpn)
        self.source, self.projections = fpn.conv_dim, fpn.adapter_1.in_channels + 1
        self.register_buffer("kernels", fpn.layer_1.weight.detach().flatten(1).clone())
        unit = torch.eye(9).reshape(9, 1, 3, 3)
        self.register_buffer("spread", enlarging_kernel(unit).reshape(9, 16))

    def forward(self, rows: Tensor, level2: Tensor, lateral: Tensor, affine: Tensor) -> Tensor:
        """`[1, n, H/4, W/4]`."""
        kernels = (rows @ self.kernels).reshape(ROWS, self.source, 9)
        enlarging = (kernels @ self.spread).reshape(ROWS, self.source, 4, 4).transpose(0, 1)
        projected = (kernels.transpose(1, 2) @ affine).transpose(1, 2)  # [n, lateral + 1, 9]
        projected = projected.reshape(ROWS, self.projections, 3, 3)
        with_ones = torch.cat([lateral, torch.ones_like(lateral[:, :1])], dim=1)
        fused = functional.conv_transpose2d(level2, enlarging, stride=2, padding=1)
        return functional.relu(self._normed(fused + functional.conv2d(with_ones, projected, padding=1), rows))

    def _normed(self, fused: Tensor, rows: Tensor) -> Tensor:
        centred = fused - self._group_means(fused)
        normed = centred / (self._group_means(centred * centred) + self.norm.eps).sqrt()
        of_rows = rows @ torch.stack([self.norm.weight, self.norm.bias], dim=1)  # [n, 2]
        scale, shift = (of_rows[:, i].reshape(1, ROWS, 1, 1) for i in range(2))
        return normed * scale + shift

    def _group_means(self, x: Tensor) -> Tensor:
        """`[1, n, h, w]` -> `[1, n, 1, 1]`. Axis by axis, since readers sum float32 one after the other:
        hundreds of thousands of them at once would cost two digits."""
        of_channels = x.mean(dim=3).mean(dim=2).reshape(ROWS // self.together, self.together)
        of_groups = of_channels.mean(dim=1, keepdim=True).expand(-1, self.together)
        return of_groups.reshape(1, ROWS, 1, 1)


class _FeaturesGraph(nn.Module):
    """Some rows of the mask features."""

    kernels: Tensor
    bias: Tensor

    def __init__(self, fpn: FPN) -> None:
        super().__init__()
        self.source = fpn.conv_dim
        self.register_buffer("kernels", fpn.mask_features.weight.detach().flatten(1).clone())
        assert fpn.mask_features.bias is not None
        self.register_buffer("bias", fpn.mask_features.bias.detach()[:, None].clone())

    def forward(self, rows: Tensor, mask_source: Tensor) -> Tensor:
        """`[1, n, H/4, W/4]`."""
        kernels = (rows @ self.kernels).reshape(ROWS, self.source, 3, 3)
        return functional.conv2d(mask_source, kernels, padding=1) + (rows @ self.bias).reshape(1, ROWS, 1, 1)


def lateral_pyramid(model: SegmentationModel) -> FPN | None:
    """The pyramid whose finest step the graphs do; None where there is none, or its channels do not come in
    parts of `ROWS`."""
    fpn = model.pixel_decoder
    if not isinstance(fpn, FPN):
        return None
    widths = (fpn.conv_dim, fpn.mask_features.out_channels)
    evenly = not any(width % ROWS for width in widths) and ROWS % _together(fpn) == 0
    return fpn if evenly else None


def _together(fpn: FPN) -> int:
    """Channels that the norm of the source takes together."""
    return fpn.conv_dim // fpn.layer_1.norm.num_groups


def trace_lateral(fpn: FPN) -> LateralGraphs:
    """Export the graphs of a pyramid."""
    source, masks = fpn.conv_dim, fpn.mask_features.out_channels
    lateral = _float("lateral", 1, fpn.adapter_1.in_channels, "h4", "w4")
    level2 = _float("level2", 1, source, "h2", "w2")
    affine = _float("affine", source, fpn.adapter_1.in_channels + 1)
    whole = _float("mask_source", 1, source, "h4", "w4")
    some = {name: _float(name, 1, ROWS, "h4", "w4") for name in ("source_rows", "feature_rows")}
    named: dict[str, tuple[nn.Module, GraphSpec]] = {
        "lateral_affine": (_AffineGraph(fpn), GraphSpec((lateral,), (affine,))),
        "mask_source": (
            _SourceGraph(fpn),
            GraphSpec((_float(PICKED, ROWS, source), level2, lateral, affine), (some["source_rows"],)),
        ),
        "mask_features": (
            _FeaturesGraph(fpn),
            GraphSpec((_float(PICKED, ROWS, masks), whole), (some["feature_rows"],)),
        ),
    }
    return {name: (trace(module, spec), spec) for name, (module, spec) in named.items()}


@torch.inference_mode()
def verify_lateral(fpn: FPN, graphs: LateralGraphs, precision: str) -> list[dict[str, object]]:
    """Run every case through torch and the graphs, stored in a precision.

    Returns:
        name and error of each case, for the manifest.
    Raises:
        ParityError: one of them is beyond tolerance.
    """
    reports: list[dict[str, object]] = []
    reader = MaskReader(fpn)
    runtime = LateralRuntime({name: (stored(g, precision), spec) for name, (g, spec) in graphs.items()})
    for seed, (name, (height, width)) in enumerate(_CASES):
        generator = torch.Generator().manual_seed(seed)
        lateral = torch.randn(1, fpn.adapter_1.in_channels, 8 * height, 8 * width, generator=generator)
        level2 = torch.randn(1, fpn.conv_dim, 4 * height, 4 * width, generator=generator).relu()
        given = {"lateral": lateral.numpy(), "level2": level2.numpy()}
        ours = torch.from_numpy(reader.read(given).full())
        error = float((runtime.mask_features(lateral, level2) - ours).norm() / ours.norm())
        if not error <= TOLERANCES.get(precision, _TOLERANCE_OF_BYTES):
            raise ParityError(
                f"torch and ONNX Runtime disagree on a lateral map in {precision}, case {name!r}: {error:.2g}"
            )
        reports.append({"name": name, "precision": precision, "error": error})
    return reports


class LateralRuntime:
    """The graphs on the CPU."""

    def __init__(self, graphs: LateralGraphs) -> None:
        self._sessions = {name: session(graph) for name, (graph, _) in graphs.items()}
        self._widths = [graphs[name][1].inputs[0].shape[1] for name in GRAPHS[1:]]

    def mask_features(self, lateral: Tensor, level2: Tensor) -> Tensor:
        """The mask features `[1, C, H/4, W/4]`."""
        feed = {"lateral": lateral.numpy(), "level2": level2.numpy()}
        feed |= run(self._sessions["lateral_affine"], feed)
        feed["mask_source"] = self._in_parts("mask_source", "source_rows", self._widths[0], feed)
        return torch.from_numpy(self._in_parts("mask_features", "feature_rows", self._widths[1], feed))

    def _in_parts(self, name: str, output: str, width: int | str, feed: Arrays) -> "np.ndarray[Any, Any]":
        rows = np.eye(int(width), dtype=np.float32)
        parts = [
            run(self._sessions[name], feed | {PICKED: rows[first : first + ROWS]})[output]
            for first in range(0, len(rows), ROWS)
        ]
        return np.concatenate(parts, axis=1)


def _float(name: str, *shape: int | str) -> TensorSpec:
    return TensorSpec(name, "float32", shape)
