"""The whole network: backbone, pixel decoder, prompt decoder and class matrix, built from a ModelConfig."""

import hashlib
import json

import torch
from torch import Tensor, nn

from splitseem_model.config import ModelConfig
from splitseem_model.decode.decoder import PromptDecoder
from splitseem_model.encode.parts import build_backbone, build_pixel_decoder
from splitseem_model.encode.pixel_decoder import MultiScale
from splitseem_model.encode.semantic import SemanticMap
from splitseem_model.layers.unit import unit
from splitseem_model.mask.refiner import MaskRefiner
from splitseem_model.text.projection import SentenceProjection
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

    def fingerprint(self) -> str:
        """Digest of configuration and weights, 16 hexadecimal digits: differs when either does."""
        digest = hashlib.sha256(json.dumps(self.config.to_dict(), sort_keys=True).encode())
        for name, tensor in sorted(self.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]
