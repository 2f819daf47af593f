"""EfficientNet-Lite: published weights give the same maps, which lie where they should."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from splitseem_model.config import PIXEL_MEAN_RGB, PIXEL_STD_RGB, EfficientNetLiteConfig, ResidualConfig
from splitseem_model.encode.backbones.efficientnet_lite import STAGES, EfficientNetLite
from splitseem_model.encode.backbones.residual import ResidualBackbone
from splitseem_train.errors import TrainingError
from splitseem_train.start.efficientnet_lite import NORM_EPS, backbone_weights

pytestmark = pytest.mark.unit
SMALL = EfficientNetLiteConfig(stem_width=4, widths=(3, 4, 5, 6, 7, 8, 9), depths=(1, 2, 2, 2, 1, 2, 1))


def published(config: EfficientNetLiteConfig = SMALL) -> dict[str, Tensor]:
    """A state dict as published, with random weights and a classifier."""
    draw = torch.Generator().manual_seed(0)
    state = {"_fc.weight": torch.zeros(2, 3)}

    def add(conv: str, norm: str, *shape: int) -> None:
        state[f"{conv}.weight"] = torch.randn(*shape, generator=draw) / math.prod(shape[1:]) ** 0.5
        for part in ("weight", "bias", "running_mean"):
            state[f"{norm}.{part}"] = torch.rand(shape[0], generator=draw)
        state[f"{norm}.running_var"] = torch.rand(shape[0], generator=draw) + 0.1

    add("_conv_stem", "_bn0", config.stem_width, 3, 3, 3)
    in_dim, number = config.stem_width, 0
    for (wider, kernel, _), width, depth in zip(STAGES, config.widths, config.depths, strict=True):
        for _ in range(depth):
            prefix, inner = f"_blocks.{number}.", in_dim * wider
            if wider > 1:
                add(f"{prefix}_expand_conv", f"{prefix}_bn0", inner, in_dim, 1, 1)
            add(f"{prefix}_depthwise_conv", f"{prefix}_bn1", inner, 1, kernel, kernel)
            add(f"{prefix}_project_conv", f"{prefix}_bn2", width, inner, 1, 1)
            in_dim, number = width, number + 1
    return state


def as_published(state: dict[str, Tensor], pixels: Tensor) -> list[Tensor]:
    """The maps behind all stages by the published layers, one after the other: batch norm by itself, padding
    in turns."""

    def norm(x: Tensor, name: str) -> Tensor:
        mean, variance, scale, shift = (
            state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return functional.batch_norm(x, mean, variance, scale, shift, eps=NORM_EPS)

    def depthwise(x: Tensor, name: str, stride: int, *, first: bool) -> Tensor:
        kernel = state[f"{name}.weight"]
        more, less = -(-(kernel.shape[-1] - stride) // 2), (kernel.shape[-1] - stride) // 2
        sides = (more, less, more, less) if first else (less, more, less, more)
        return functional.conv2d(functional.pad(x, sides), kernel, stride=stride, groups=x.shape[1])

    mean, std = (torch.tensor(rgb)[:, None, None] for rgb in (PIXEL_MEAN_RGB, PIXEL_STD_RGB))
    x = (functional.pad(pixels, (0, 1, 0, 1)) * std + mean - 127) / 128
    x = functional.relu6(norm(functional.conv2d(x, state["_conv_stem.weight"], stride=2), "_bn0"))
    maps, number, first = [], 0, True
    for (wider, _, first_stride), depth in zip(STAGES, SMALL.depths, strict=True):
        for block in range(depth):
            prefix, stride, before = f"_blocks.{number}.", first_stride if block == 0 else 1, x
            if wider > 1:
                x = functional.conv2d(x, state[f"{prefix}_expand_conv.weight"])
                x = functional.relu6(norm(x, f"{prefix}_bn0"))
            x = functional.relu6(
                norm(depthwise(x, f"{prefix}_depthwise_conv", stride, first=first), f"{prefix}_bn1")
            )
            x = norm(functional.conv2d(x, state[f"{prefix}_project_conv.weight"]), f"{prefix}_bn2")
            x = x + before if x.shape == before.shape else x
            number += 1
        first = first != (first_stride == 2)
        maps.append(x)
    return maps


def test_folded_weights_give_the_maps_of_the_published_layers() -> None:
    backbone = EfficientNetLite(SMALL)
    backbone.load_state_dict(backbone_weights(published(), SMALL))
    pixels = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    fine, stride4, stride8, _, stride16, _, stride32 = as_published(published(), pixels)
    res2, res3, res4, res5 = backbone(pixels)
    torch.testing.assert_close(res2[:, : SMALL.widths[1]], stride4, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(res2[:, SMALL.widths[1] :: 4], fine[:, :, ::2, ::2], rtol=1e-4, atol=1e-4)
    for ours, wanted in ((res3, stride8), (res4, stride16), (res5, stride32)):
        torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-4)
    assert backbone.out_channels == tuple(x.shape[1] for x in (res2, res3, res4, res5))


def test_cells_lie_within_a_fifth_of_their_width_of_where_they_should() -> None:
    backbone = EfficientNetLite(SMALL)
    for name, parameter in backbone.named_parameters():  # all ways through the network count alike
        torch.nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 0.02)
    pixels = torch.ones(1, 3, 512, 512, dtype=torch.float64, requires_grad=True)
    maps = backbone.double()(pixels)
    for x, stride in zip(maps, (4, 8, 16, 32), strict=True):
        cell = x.shape[2] // 2
        (seen,) = torch.autograd.grad(x[0, 0, cell, cell], pixels, retain_graph=True)
        places = torch.arange(512) + 0.5
        centre = float((seen[0].sum((0, 1)) * places).sum() / seen.sum())
        assert abs(centre - (cell + 0.5) * stride) < 0.2 * stride


def test_the_branch_for_detail_is_the_beginning_of_a_residual_backbone() -> None:
    torch.manual_seed(0)
    residual = ResidualBackbone(ResidualConfig((8, 8, 8, 8))).eval()
    backbone = EfficientNetLite(replace(SMALL, detail=8)).eval()
    assert backbone.detail is not None
    backbone.detail.stem.load_state_dict(residual.stem.state_dict())
    backbone.detail.blocks.load_state_dict(residual.stages[0].state_dict())
    pixels = torch.randn(1, 3, 64, 96)
    res2 = backbone(pixels)[0]
    assert res2.shape[1] == backbone.out_channels[0] == SMALL.widths[1] + 4 * SMALL.widths[0] + 8
    torch.testing.assert_close(res2[:, -8:], residual(pixels)[0])


def test_weights_of_another_depth_are_refused() -> None:
    deeper = replace(SMALL, depths=(1, 2, 2, 2, 1, 2, 2))
    with pytest.raises(TrainingError, match="weights of 12 blocks for a model of 11"):
        backbone_weights(published(deeper), SMALL)
    with pytest.raises(TrainingError, match=r"no tensor '_blocks\.11"):
        backbone_weights(published(), deeper)
