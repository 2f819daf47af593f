"""What is computed once per image equals the plain form of the layers."""

import pytest
import torch

from splitseem_export.refiner_graphs import random_case
from splitseem_model.config import TINY, RefinerConfig
from splitseem_model.decode.decoder import PromptDecoder
from splitseem_model.layers.attention import MultiheadAttention
from splitseem_model.layers.position import sine_position
from splitseem_model.mask.refiner import MaskRefiner

pytestmark = pytest.mark.unit


@torch.inference_mode()
def test_keys_and_values_of_a_map_equal_those_of_its_cells() -> None:
    torch.manual_seed(0)
    attention, shift = MultiheadAttention(16, 2), torch.randn(16)
    torch.nn.init.normal_(attention.in_proj_bias)
    cells = torch.randn(1, 15, 16)  # [B, N, D]
    torch.testing.assert_close(
        attention.project_map_key(cells.transpose(1, 2)), attention.project_key(cells), atol=1e-5, rtol=0
    )
    torch.testing.assert_close(
        attention.project_map_value(cells, shift), attention.project_value(cells + shift), atol=1e-5, rtol=0
    )


@torch.inference_mode()
def test_keys_know_the_level_and_the_place() -> None:
    torch.manual_seed(0)
    decoder = PromptDecoder(TINY.decoder).eval()
    levels = [torch.randn(1, 32, 2 << i, 3 << i) for i in range(3)]
    prepared = decoder.prepare(levels, torch.randn(1, 16, 16, 24), torch.arange(4))
    for i, level in enumerate(levels):
        height, width = level.shape[2:]
        place = sine_position(height, width, 32, level.device, level.dtype)
        placed = (level + decoder.level_embed.weight[i][:, None, None] + place).flatten(2).transpose(1, 2)
        attention = decoder.get_submodule(f"transformer_cross_attention_layers.{i}.multihead_attn")
        assert isinstance(attention, MultiheadAttention)
        torch.testing.assert_close(prepared.keys[i], attention.project_key(placed), atol=1e-5, rtol=0)


@torch.inference_mode()
def test_the_refiner_enters_the_image_and_the_clicks_as_one() -> None:
    torch.manual_seed(0)
    refiner = MaskRefiner(RefinerConfig(widths=(8, 12, 16), look_dim=8), 3 * (32,), mask_dim=16).eval()
    maps, _ = random_case(refiner, (2, 3), (1,), seed=0)
    of_clicks = torch.randn(1, refiner.enter.in_channels - 8, 16, 24)
    whole = refiner.enter(torch.cat([refiner.look(maps[0]), of_clicks], dim=1))
    kernel = refiner.enter.weight[:, 8:]
    parts = refiner.prepare(*maps).entered + torch.nn.functional.conv2d(of_clicks, kernel, padding=1)
    torch.testing.assert_close(parts, whole, atol=1e-4, rtol=0)
