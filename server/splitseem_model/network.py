"""The whole network: backbone, pixel decoder, prompt decoder and class matrix, built from a ModelConfig."""

import torch
from torch import Tensor, nn

from splitseem_model.config import DecoderConfig, ModelConfig
from splitseem_model.decode.decoder import PromptDecoder
from splitseem_model.encode.parts import build_backbone, build_pixel_decoder
from splitseem_model.encode.pixel_decoder import MultiScale
from splitseem_model.mask.refiner import MaskRefiner
from splitseem_model.encode.semantic import SemanticMap
from splitseem_model.text.unicl import UniClTextEncoder


class SegmentationModel(nn.Module):
    """Encoder and decoder under one roof, as they are trained and saved; at run time they live on two
    machines."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        decoder = config.decoder
        self.backbone = build_backbone(config.backbone)
        self.pixel_decoder = build_pixel_decoder(
            config.pixel_decoder,
            self.backbone.out_channels,
            decoder.dim,
            decoder.mask_dim,
            decoder.level_dims,
        )
        self.decoder = PromptDecoder(decoder)
        refiner = config.refiner
        self.refiner = (
            None if refiner is None else MaskRefiner(refiner, decoder.level_channels, decoder.mask_dim)
        )
        self.text = None if config.text is None else UniClTextEncoder(config.text)
        self.sentence_projection = (
            SentenceProjection(config.sentence_dim, decoder) if config.sentence_dim else None
        )
        self.semantic = (
            None
            if config.semantic is None
            else SemanticMap(
                config.semantic,
                (self.backbone.out_channels[2], self.backbone.out_channels[3]),
                config.sentence_dim,
                len(config.vocabulary),
            )
        )
        self.class_matrix = nn.Parameter(torch.randn(len(config.vocabulary), decoder.class_dim))

    def encode(self, pixels: Tensor) -> tuple[Tensor, MultiScale]:
        """`[B, 3, H, W]` normalised and padded -> mask_features `[B, C, H/4, W/4]`, levels `[B, D, h_l,
        w_l]`."""
        features: tuple[Tensor, MultiScale] = self.pixel_decoder(*self.backbone(pixels))
        return features

    def class_logits(self, class_embed: Tensor, class_matrix: Tensor) -> Tensor:
        """`[..., E]`, `[K, E]` -> `[..., K]`: scaled cosine with every row of the class matrix (Eq. 3)."""
        logits: Tensor = (unit(class_embed) @ unit(class_matrix).T) * self.config.logit_scale
        return logits


class SentenceProjection(nn.Module):
    """A frozen encoder's sentence vectors -> the joint space: text tokens, and rows of a class matrix."""

    def __init__(self, sentence_dim: int, decoder: DecoderConfig) -> None:
        super().__init__()
        self.token = nn.Linear(sentence_dim, decoder.dim)
        self.meaning = nn.Linear(sentence_dim, decoder.class_dim)


def unit(x: Tensor) -> Tensor:
    """Rows of length one; the small constant is upstream's."""
    length: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / (length + 1e-7)
