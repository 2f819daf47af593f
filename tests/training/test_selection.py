"""What training computes with gradients is what the decoder computes with arrays."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch

from splitseem_model.config import NANO
from splitseem_model.layers import arrays, sampling
from splitseem_model.layers.arrays import PointSampling
from splitseem_model.mask import selection
from splitseem_train.selection import selection_scores, text_cosines

pytestmark = pytest.mark.unit
LABELS = [[1, 0, -1, 1, 2], [3, 2, -1, -1, -1], [0, 0, 0, 0, 0]]


@pytest.mark.parametrize("rule", ["points", "quality"])
def test_scores_are_those_of_the_decoder(rule: Literal["points", "quality"]) -> None:
    config = replace(NANO.decoder, selection=rule)
    embed, quality, features = 3 * torch.randn(3, 4, 8), torch.randn(3, 4), torch.randn(3, 5, 8)
    labels = torch.tensor(LABELS)
    ours = selection_scores(config, embed.requires_grad_(), quality, features, labels)
    given = (tensor.detach().numpy() for tensor in (embed, quality, features, labels))
    np.testing.assert_allclose(
        ours.detach().numpy(), selection.selection_scores(config, *given), atol=1e-5, rtol=1e-5
    )
    assert ours.requires_grad


def test_agreement_with_texts_is_that_of_the_decoder() -> None:
    embed, sentences = torch.randn(2, 4, 8), torch.randn(3, 8)
    ours = text_cosines(embed, sentences).numpy()
    np.testing.assert_allclose(ours, arrays.cosines(embed.numpy(), sentences.numpy()), atol=1e-6)


@pytest.mark.parametrize("rule", ["corner", "centre"])
def test_points_are_sampled_as_by_the_decoder(rule: PointSampling) -> None:
    feature_map, padded_hw = torch.randn(1, 6, 8, 12), (32, 48)
    corners = torch.tensor([[0.0, 0.0], [48.0, 32.0], [0.5, 31.5], [47.5, 0.5], [24.0, 16.0]])
    coords = torch.cat([corners, torch.rand(40, 2) * torch.tensor([48.0, 32.0])])[None]
    ours = sampling.sample_points(feature_map, coords, padded_hw, rule).numpy()
    expected = arrays.sample_points(feature_map.numpy(), coords.numpy(), padded_hw, rule)
    np.testing.assert_allclose(ours, expected, atol=2e-5)
