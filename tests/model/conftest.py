"""Small models with random weights that have the rules of the official ones."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from splitseem_model.config import TINY
from splitseem_model.network import SegmentationModel
from splitseem_model.official import UniClConfig


def official_like(wiring: str) -> SegmentationModel:
    """A small model with the rules of the official ones, its own text encoder among them."""
    torch.manual_seed(3)
    decoder = replace(
        TINY.decoder,
        wiring=wiring,
        first_passes=1,
        num_queries=7,
        num_point_labels=2,
        prompt_position="token",
        point_sampling="corner",
        selection="points",
    )
    text = UniClConfig(width=8, layers=1, heads=2, out_dim=decoder.dim)
    model = SegmentationModel(replace(TINY, decoder=decoder, text=text, refiner=None, correction=None)).eval()
    with torch.no_grad():  # random weights give every query the same answer
        model.decoder.query_feat.weight.mul_(3)
        for parameter in model.decoder.transformer_self_attention_layers.parameters():
            parameter.mul_(2)
    return model


def photo(seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (61, 97, 3), dtype=np.uint8)


@pytest.fixture(name="official_like", scope="session")
def official_like_fixture() -> Callable[[str], SegmentationModel]:
    return official_like


@pytest.fixture(name="photo", scope="session")
def photo_fixture() -> Callable[..., NDArray[np.uint8]]:
    return photo
