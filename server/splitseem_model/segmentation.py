"""The whole network: backbone, pixel decoder, prompt decoder and class matrix, built from a ModelConfig."""

import torch
from torch import Tensor, nn

from splitseem_model.backbones.focalnet import FocalNet
from splitseem_model.backbones.residual import ResidualBackbone
from splitseem_model.config import FocalNetConfig, FpnConfig, ModelConfig, ResidualConfig, SlimPyramidConfig
from splitseem_model.decoder import PromptDecoder
from splitseem_model.pixel_decoder import FPN, MultiScale
from splitseem_model.refiner import MaskRefiner
from splitseem_model.slim_pyramid import SlimPyramid


class SegmentationModel(nn.Module):
    """Encoder and decoder under one roof, as they are trained and saved; at run time they live on two
    machines."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        decoder = config.decoder
        self.backbone = build_backbone(config.backbone)
        self.pixel_decoder = _pixel_decoder(
            config.pixel_decoder, self.backbone.out_channels, decoder.dim, decoder.mask_dim
        )
        self.decoder = PromptDecoder(decoder)
        refiner = config.refiner
        self.refiner = None if refiner is None else MaskRefiner(refiner, decoder.dim, decoder.mask_dim)
        self.class_matrix = nn.Parameter(torch.randn(len(config.vocabulary), decoder.class_dim))

    def encode(self, pixels: Tensor) -> tuple[Tensor, MultiScale]:
        """`[B, 3, H, W]` normalised and padded -> mask_features `[B, C, H/4, W/4]`, levels `[B, D, h_l,
        w_l]`."""
        features: tuple[Tensor, MultiScale] = self.pixel_decoder(*self.backbone(pixels))
        return features

    def class_logits(self, class_embed: Tensor) -> Tensor:
        """`[..., E]` -> `[..., K]`: scaled cosine with every row of the class matrix (Eq. 3)."""
        logits: Tensor = (unit(class_embed) @ unit(self.class_matrix).T) * self.config.logit_scale
        return logits


def unit(x: Tensor) -> Tensor:
    """Rows of length one; the small constant is upstream's."""
    length: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / (length + 1e-7)


def build_backbone(config: FocalNetConfig | ResidualConfig) -> FocalNet | ResidualBackbone:
    """A backbone with fresh weights."""
    match config:
        case ResidualConfig():
            return ResidualBackbone(config)
        case FocalNetConfig():
            return FocalNet(
                embed_dim=config.embed_dim,
                depths=config.depths,
                focal_levels=config.focal_levels,
                focal_windows=config.focal_windows,
                stem_padding=config.stem_padding,
                depthwise=config.depthwise,
                norm_on_branch=config.norm_on_branch,
            )


def _pixel_decoder(
    config: FpnConfig | SlimPyramidConfig, in_dims: tuple[int, ...], dim: int, mask_dim: int
) -> FPN | SlimPyramid:
    match config:
        case SlimPyramidConfig():
            return SlimPyramid(config, in_dims, dim, mask_dim)
        case FpnConfig():
            return FPN(
                in_channels=in_dims,
                conv_dim=config.conv_dim,
                mask_dim=mask_dim,
                encoder_layers=config.encoder_layers,
                heads=config.heads,
                ffn_dim=config.ffn_dim,
            )
