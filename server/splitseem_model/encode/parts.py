"""Configurations -> the two halves of an encoder: backbone and pixel decoder, with fresh weights."""

from splitseem_model.config import (
    BackboneConfig,
    EfficientNetLiteConfig,
    PixelDecoderConfig,
    ResidualConfig,
    SlimPyramidConfig,
)
from splitseem_model.encode.backbones.davit import Davit
from splitseem_model.encode.backbones.efficientnet_lite import EfficientNetLite
from splitseem_model.encode.backbones.focalnet import FocalNet
from splitseem_model.encode.backbones.residual import ResidualBackbone
from splitseem_model.encode.backbones.sam_vit import SamVit
from splitseem_model.encode.deformable import DeformablePixelDecoder
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.encode.slim_pyramid import SlimPyramid
from splitseem_model.official import DavitConfig, DeformableConfig, FocalNetConfig, FpnConfig, SamVitConfig

Backbone = FocalNet | Davit | SamVit | ResidualBackbone | EfficientNetLite
PixelDecoder = FPN | DeformablePixelDecoder | SlimPyramid


def build_backbone(config: BackboneConfig) -> Backbone:
    """A backbone; `out_channels` tells the channels of res2 ... res5."""
    match config:
        case ResidualConfig():
            return ResidualBackbone(config)
        case EfficientNetLiteConfig():
            return EfficientNetLite(config)
        case DavitConfig():
            return Davit(config)
        case SamVitConfig():
            return SamVit(config)
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


def build_pixel_decoder(
    config: PixelDecoderConfig,
    in_dims: tuple[int, ...],
    dim: int,
    mask_dim: int,
    level_dims: tuple[int, ...] = (),
) -> PixelDecoder:
    """A pixel decoder over maps of `in_dims` channels; the other widths are the prompt decoder's.

    Raises:
        ValueError: `level_dims` for a pixel decoder that does not narrow its levels.
    """
    if level_dims and not isinstance(config, SlimPyramidConfig):
        raise ValueError(f"the levels of a pixel decoder of kind {config.kind} are as wide as the model")
    match config:
        case SlimPyramidConfig():
            return SlimPyramid(config, in_dims, dim, mask_dim, level_dims)
        case DeformableConfig():
            return DeformablePixelDecoder(config, in_dims, mask_dim)
        case FpnConfig():
            return FPN(
                in_channels=in_dims,
                conv_dim=config.conv_dim,
                mask_dim=mask_dim,
                encoder_layers=config.encoder_layers,
                heads=config.heads,
                ffn_dim=config.ffn_dim,
            )
