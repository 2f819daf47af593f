"""Checkers of what surrounds the network: resize rules and class matrix."""

import torch

from splitseem_model.encode.preprocess import resize_stroke, resized_hw
from splitseem_model.encode.resize import resize_image
from splitseem_model.layers.unit import unit
from splitseem_parity.comparison import Comparison
from splitseem_parity.golden_set import GoldenSet


def check_preprocess(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """The stored image and drawing, resized by upstream's rule to the shortest side of the stored result."""
    arrays = golden.arrays(name)
    image = arrays["original_u8"].transpose(1, 2, 0)
    size_hw = resized_hw(image.shape[:2], min(arrays["resized_u8"].shape[1:]), "shortest")
    comparison.check("resized_u8", resize_image(image, size_hw).transpose(2, 0, 1))
    comparison.check("stroke_resized", resize_stroke(arrays["stroke_u8"], size_hw))
    comparison.skip("original_u8|stroke_u8")


def check_vocabulary(golden: GoldenSet, name: str, comparison: Comparison) -> None:
    """The class matrix has unit rows, so the normalisation before class logits leaves it unchanged."""
    matrix = torch.from_numpy(golden.arrays(name)["text_embeddings"])
    comparison.check("text_embeddings", unit(matrix))
