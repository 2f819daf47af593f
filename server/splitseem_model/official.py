"""Shapes of the official encoders: configurations of the published parts.

Source: SEEM, branch v1.0 at commit 7b2e76d, `configs/seem/*.yaml`.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class FocalNetConfig:
    """Focal modulation backbone; the defaults are Focal-T, the last three fields tell Focal-L from it."""

    embed_dim: int = 96
    depths: tuple[int, ...] = (2, 2, 6, 2)
    focal_levels: tuple[int, ...] = (3, 3, 3, 3)
    focal_windows: tuple[int, ...] = (3, 3, 3, 3)
    stem_padding: int = 3
    depthwise: bool = True
    norm_on_branch: bool = False
    kind: Literal["focalnet"] = "focalnet"


@dataclass(frozen=True)
class DavitConfig:
    """Dual attention backbone; the defaults are DaViT-d3.

    Attributes:
        heads: per stage, heads of the window attention and groups of the channel attention.
        window: cells that a window is wide.
        patch_kernels, patch_paddings: of the convolution that leads into each stage.
    """

    widths: tuple[int, int, int, int] = (128, 256, 512, 1024)
    depths: tuple[int, int, int, int] = (1, 1, 9, 1)
    heads: tuple[int, int, int, int] = (4, 8, 16, 32)
    window: int = 7
    mlp_ratio: int = 4
    patch_kernels: tuple[int, int, int, int] = (7, 2, 2, 2)
    patch_paddings: tuple[int, int, int, int] = (3, 0, 0, 0)
    kind: Literal["davit"] = "davit"


@dataclass(frozen=True)
class SamVitConfig:
    """SAM's image encoder with a pyramid for a neck; the defaults are ViT-B.

    Attributes:
        input_side: the only input size there is, pixels.
        global_blocks: blocks that attend to the whole map, not to windows of `window` cells.
        out_dims: channels of res2 ... res5.
    """

    dim: int = 768
    depth: int = 12
    heads: int = 12
    global_blocks: tuple[int, ...] = (2, 5, 8, 11)
    window: int = 14
    input_side: int = 1024
    out_dims: tuple[int, int, int, int] = (128, 256, 512, 1024)
    kind: Literal["samvit"] = "samvit"


@dataclass(frozen=True)
class FpnConfig:
    """SEEM's feature pyramid with a transformer encoder on the coarsest map."""

    conv_dim: int = 512
    encoder_layers: int = 6
    heads: int = 8
    ffn_dim: int = 2048
    kind: Literal["fpn"] = "fpn"


@dataclass(frozen=True)
class DeformableConfig:
    """Deformable transformer encoder over strides 32 to 8, then one pyramid step.

    Attributes:
        points: places that a head reads in each level.
    """

    conv_dim: int = 512
    encoder_layers: int = 6
    heads: int = 8
    points: int = 4
    ffn_dim: int = 1024
    kind: Literal["deformable"] = "deformable"


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


FOCAL_T = FocalNetConfig()
FOCAL_L = FocalNetConfig(
    embed_dim=192,
    depths=(2, 2, 18, 2),
    focal_levels=(4, 4, 4, 4),
    stem_padding=2,
    depthwise=False,
    norm_on_branch=True,
)
DAVIT_D3 = DavitConfig()
DAVIT_D5 = DavitConfig(
    widths=(256, 512, 1024, 2048),
    heads=(8, 16, 32, 64),
    patch_kernels=(7, 3, 3, 3),
    patch_paddings=(3, 1, 1, 1),
)
SAM_VIT_B = SamVitConfig()
SAM_VIT_L = SamVitConfig(dim=1024, depth=24, heads=16, global_blocks=(5, 11, 17, 23))
