"""The command line with a stand-in for the sentence encoder, whose weights are 84 MB; for tests in a browser.

`make-model FILE` writes a small model with random weights that takes texts; anything else is a command of
`splitseem`. Two runs read the same words in the same way.
"""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from splitseem_cli.main import main
from splitseem_model.checkpoints.weights import save_weights
from splitseem_model.config import TINY
from splitseem_model.encode.mask_map import mask_conv
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.text.minilm import MiniLm

SAMPLE = Path(__file__).parents[2] / "client/public/samples/coffee.jpg"
SENTENCE_DIM = 24
MASK_CONTRAST = 40.0
"""Spread of the mask features over that of random weights."""


class FakeSentences:
    """Vectors that follow from a digest of the words."""

    def encode(self, texts: Sequence[str]) -> Tensor:
        """`[n, SENTENCE_DIM]` float32, in -1..1."""
        digests = [hashlib.sha256(text.encode()).digest()[:SENTENCE_DIM] for text in texts]
        return torch.tensor([[byte / 127.5 - 1 for byte in digest] for digest in digests])


def make_model(path: Path) -> None:
    """Write a model whose masks have a border on the sample photo and differ from text to text.

    Random weights alone would give every text about the same mask, all over the photo.
    """
    torch.manual_seed(7)
    model = SegmentationModel(replace(TINY, sentence_dim=SENTENCE_DIM)).eval()
    with torch.no_grad():
        model.decoder.query_feat.weight.mul_(3)
        for parameter in model.decoder.transformer_self_attention_layers.parameters():
            parameter.mul_(2)
        of_masks = mask_conv(model.pixel_decoder)
        of_masks.weight.mul_(MASK_CONTRAST)
        features = Predictor(model).encode(np.asarray(Image.open(SAMPLE).convert("RGB"))).mask_features
        of_masks.bias.sub_(torch.from_numpy(features.mean((0, 2, 3))))
    save_weights(model, path)


if __name__ == "__main__":
    if sys.argv[1:2] == ["make-model"]:
        make_model(Path(sys.argv[2]))
    else:
        with (
            patch.object(MiniLm, "load", FakeSentences),
            patch("splitseem_model.text.arrays.is_installed", return_value=True),
        ):
            main()
