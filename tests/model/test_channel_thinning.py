"""Thinner channels between encoder and decoder: nothing changes while all axes are kept."""

import numpy as np
import pytest
import torch
from torch import Tensor

from splitseem_model.checkpoints.channel_thinning import channel_moments, thin_channels
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.checkpoints.weights import load_weights, save_weights
from splitseem_model.config import ModelConfig, preset
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.step.options import StepOptions
from splitseem_proto import Click

pytestmark = pytest.mark.unit

# Products with an orthonormal matrix and its transpose, through the whole network.
TOLERANCE = 2e-4
ALL = 3 * (32,)
FEW = (20, 16, 12)


@pytest.fixture(scope="module")
def model() -> SegmentationModel:
    return load_model("tiny")


def photos(count: int = 3) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(1, 3, 64, 96, generator=generator) for _ in range(count)]


def thinned(model: SegmentationModel, mask_dim: int, level_dims: tuple[int, ...]) -> SegmentationModel:
    return thin_channels(model, channel_moments(model, photos()), mask_dim, level_dims)


def logits(model: SegmentationModel) -> Tensor:
    """Mask logits of the step and of the refiner, before the correction, which is not linear."""
    image = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    predictor = Predictor(model, options=StepOptions(without=frozenset({"correct"})))
    step = predictor.step(predictor.encode(image, codec="float32"), [Click(30, 20, 1)])
    return torch.from_numpy(step.mask_logits)


def test_all_axes_give_the_same_masks(model: SegmentationModel) -> None:
    torch.testing.assert_close(logits(thinned(model, 16, ALL)), logits(model), atol=TOLERANCE, rtol=0)


def test_a_thinned_model_can_be_thinned_again(model: SegmentationModel) -> None:
    again = thinned(thinned(model, 16, ALL), 16, ALL)
    torch.testing.assert_close(logits(again), logits(model), atol=2 * TOLERANCE, rtol=0)


def test_maps_have_as_many_channels_as_asked(model: SegmentationModel) -> None:
    image = np.zeros((60, 90, 3), dtype=np.uint8)
    embedding = Predictor(thinned(model, 6, FEW)).encoder.encode(image, codec="float32")
    channels = {tensor.name: tensor.array.shape[1] for tensor in embedding.tensors}
    assert channels == {"level0": 20, "level1": 16, "level2": 12, "mask_features": 6, "photo": 3}


def test_the_strongest_axes_are_kept(model: SegmentationModel) -> None:
    """What is left of the mask features is the best that so few channels can hold of these photos."""
    second = channel_moments(model, photos())["mask_features"].second
    energy = torch.linalg.eigvalsh(second).flip(0)
    thin = channel_moments(thinned(model, 6, ALL), photos())["mask_features"].second
    torch.testing.assert_close(thin.diagonal(), energy[:6], rtol=1e-3, atol=1e-6)


def test_levels_are_centred(model: SegmentationModel) -> None:
    thin = channel_moments(thinned(model, 16, FEW), photos())["level2"]
    torch.testing.assert_close(thin.mean, torch.zeros(12, dtype=torch.float64), atol=1e-4, rtol=0)


def test_widths_are_saved_with_the_weights(
    model: SegmentationModel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("thin") / "thin.safetensors"
    save_weights(thinned(model, 6, FEW), path)
    decoder = load_weights(path).config.decoder
    assert (decoder.mask_dim, decoder.level_dims) == (6, FEW)
    assert ModelConfig.from_dict(preset("nano").to_dict()) == preset("nano")


@pytest.mark.parametrize(
    ("mask_dim", "level_dims"),
    [(17, ALL), (0, ALL), (6, (33, 32, 32)), (6, (20, 16))],
    ids=["wider masks", "no masks", "a wider level", "two levels"],
)
def test_impossible_widths_are_refused(
    model: SegmentationModel, mask_dim: int, level_dims: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="there are"):
        thinned(model, mask_dim, level_dims)
