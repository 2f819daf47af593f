"""The weight rule, against published check values and its own table."""

import numpy as np
import pytest
import torch
from torch import nn

from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights, golden_value

pytestmark = pytest.mark.unit


def test_values_equal_the_check_values_of_the_rule() -> None:
    norm = golden_value("sem_seg_head.predictor.decoder_norm.weight", (512,))
    np.testing.assert_allclose(norm[:3], [0.935983, 1.048657, 1.036331], atol=1e-6)
    scale = golden_value("sem_seg_head.predictor.lang_encoder.logit_scale", ())
    assert scale.shape == ()
    assert scale == pytest.approx(3.909269, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "shape", "mean", "std"),
    [
        ("sem_seg_head.predictor.query_feat.weight", (101, 512), 0.0, 1.0),
        ("sem_seg_head.predictor.class_embed", (512, 256), 0.0, 512**-0.5),
        ("sem_seg_head.predictor.mask_sptial_embed.2", (256, 512), 0.0, 256**-0.5),
        ("a.self_attn.in_proj_bias", (4000,), 0.0, 0.1),
        ("backbone.layers.0.blocks.0.gamma_2", (4000,), 0.5, 0.1),
        ("backbone.norm0.weight", (4000,), 1.0, 0.1),
        ("a.self_attn.in_proj_weight", (600, 64), 0.0, 2 / 8),
        ("a.linear2.weight", (600, 64), 0.0, 0.2 / 8),
        ("a.conv.weight", (64, 16, 5, 5), 0.0, 1 / 20),
    ],
)
def test_each_kind_of_parameter_has_its_mean_and_spread(
    name: str, shape: tuple[int, ...], mean: float, std: float
) -> None:
    value = golden_value(name, shape)
    # Four standard errors of a sample of this size.
    assert value.mean() == pytest.approx(mean, abs=4 * std / value.size**0.5)
    assert value.std() == pytest.approx(std, rel=4 / value.size**0.5)


def test_offset_gives_other_weights() -> None:
    assert not np.allclose(golden_value("a.weight", (3, 3)), golden_value("a.weight", (3, 3), seed_offset=1))


def test_module_is_filled_by_upstream_names() -> None:
    part = nn.ModuleDict({"norms": nn.ModuleList([nn.LayerNorm(4)])})
    fill_with_golden_weights(part, prefix="backbone.", seed_offset=3)
    expected = torch.from_numpy(golden_value("backbone.norm0.bias", (4,), seed_offset=3))
    assert torch.equal(part.state_dict()["norms.0.bias"], expected)
