"""DaViT, SAM-ViT and the deformable pixel decoder: numbers of the official code, and plain formulas."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.config import preset
from splitseem_model.encode.backbones.sam_vit import RelativeAttention, SamVit
from splitseem_model.encode.backbones.windows import merge_windows, split_windows
from splitseem_model.encode.deformable import DeformableAttention, DeformablePixelDecoder, Tokens
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.encode.parts import build_backbone, build_pixel_decoder
from splitseem_model.encode.preprocess import normalise, pad_to_multiple
from splitseem_model.errors import ImageInputError
from splitseem_model.network import SegmentationModel
from splitseem_model.official import DeformableConfig, SamVitConfig

DATA = Path(__file__).parents[1] / "data"
MAPS = ("res2", "res3", "res4", "res5", "level0", "level1", "level2", "mask_features")
# Step in channels and in cells at which the maps are stored.
STEPS = {
    "davitd3": (64, dict(zip(MAPS, (2, 2, 1, 1, 1, 1, 2, 2), strict=True))),
    "samvitb": (32, dict(zip(MAPS, (32, 32, 8, 8, 8, 8, 32, 32), strict=True))),
}
# A float32 and a float64 run differ by 6e-5 in DaViT's res4, whose values reach 30, and by 1.5e-4 in SAM-ViT.
TOLERANCE = 5e-4
SMALL_SAM = SamVitConfig(
    dim=16, depth=2, heads=2, global_blocks=(1,), window=3, input_side=64, out_dims=(8, 8, 8, 8)
)


@pytest.mark.parametrize("name", ["davitd3", pytest.param("samvitb", marks=pytest.mark.slow)])
def test_features_equal_upstream(name: str) -> None:
    config = preset(f"{name}-v1")
    backbone = build_backbone(config.backbone).eval()
    pixel_decoder = build_pixel_decoder(config.pixel_decoder, backbone.out_channels, 512, 512).eval()
    fill_with_golden_weights(backbone, prefix="backbone.")
    fill_with_golden_weights(pixel_decoder, prefix="pixel_decoder.")
    golden = np.load(DATA / f"golden_{name}.npz")
    pixels = pad_to_multiple(normalise(golden["image_u8"].transpose(1, 2, 0)), config.size_multiple)
    with torch.inference_mode():
        pyramid = backbone(pixels)
        mask_features, levels = pixel_decoder(*pyramid)
    channel, cells = STEPS[name]
    for key, value in zip(MAPS, (*pyramid, *levels, mask_features), strict=True):
        sampled = value[:, ::channel, :: cells[key], :: cells[key]]
        np.testing.assert_allclose(sampled, golden[key], rtol=0, atol=TOLERANCE, err_msg=key)


@pytest.mark.unit
@pytest.mark.parametrize("size_hw", [(6, 9), (7, 10), (2, 3)])
def test_windows_come_together_again(size_hw: tuple[int, int]) -> None:
    x = torch.arange(2.0 * size_hw[0] * size_hw[1] * 4).reshape(2, *size_hw, 4)
    windows = split_windows(x, 3)
    assert windows.shape[1:] == (3, 3, 4)
    assert torch.equal(merge_windows(windows, size_hw), x)


@pytest.mark.unit
def test_window_holds_a_square_of_the_map() -> None:
    x = torch.arange(36.0).reshape(1, 6, 6, 1)
    assert torch.equal(split_windows(x, 3)[2, :, :, 0], x[0, 3:, :3, 0])


@pytest.mark.unit
def test_relative_attention_is_the_formula() -> None:
    torch.manual_seed(0)
    attention = RelativeAttention(8, 2, side=3)
    torch.nn.init.normal_(attention.rel_pos_h)
    torch.nn.init.normal_(attention.rel_pos_w)
    x = torch.randn(1, 3, 3, 8)
    with torch.inference_mode():
        qkv = attention.qkv(x[0].reshape(9, 8)).reshape(9, 3, 2, 4)
        mixed = torch.zeros(9, 2, 4)
        for head in range(2):
            query, key, value = qkv[:, 0, head], qkv[:, 1, head], qkv[:, 2, head]
            scores = query @ key.T / 2
            for i in range(9):
                for j in range(9):
                    rows, columns = i // 3 - j // 3 + 2, i % 3 - j % 3 + 2
                    place = attention.rel_pos_h[rows] + attention.rel_pos_w[columns]
                    scores[i, j] += query[i] @ place
            mixed[:, head] = scores.softmax(-1) @ value
        expected = attention.proj(mixed.reshape(9, 8)).reshape(1, 3, 3, 8)
        torch.testing.assert_close(attention(x), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.unit
@pytest.mark.parametrize("size_hw", [(600, 900), (900, 600), (50, 50)])
def test_every_image_is_padded_to_the_size_that_sam_takes(size_hw: tuple[int, int]) -> None:
    config = replace(preset("samvitb-v1"), backbone=SMALL_SAM, text=None, canvas=64)
    encoder = ImageEncoder(SegmentationModel(config))
    assert encoder.geometry_for(size_hw).padded_hw == (64, 64)
    assert max(encoder.geometry_for(size_hw, canvas=64).input_hw) == 64
    with pytest.raises(ImageInputError, match="canvas must be 64 to 64 pixels, got 65"):
        encoder.geometry_for(size_hw, canvas=65)


@pytest.mark.unit
def test_sam_takes_one_input_size_only() -> None:
    backbone = SamVit(SMALL_SAM).eval()
    with torch.inference_mode():
        maps = backbone(torch.zeros(1, 3, 64, 64))
    assert [tuple(m.shape[2:]) for m in maps] == [(16, 16), (8, 8), (4, 4), (2, 2)]
    with pytest.raises(ImageInputError, match=r"takes 64 x 64 pixels, got \[64, 96\]"):
        backbone(torch.zeros(1, 3, 64, 96))


def bilinear(value: Tensor, x: float, y: float) -> Tensor:
    """Value `[h, w, d]` at an index, zero outside the map."""
    out = torch.zeros(value.shape[2])
    left, top = int(np.floor(x)), int(np.floor(y))
    for row in (top, top + 1):
        for column in (left, left + 1):
            if 0 <= row < value.shape[0] and 0 <= column < value.shape[1]:
                out += value[row, column] * (1 - abs(x - column)) * (1 - abs(y - row))
    return out


@pytest.mark.unit
def test_deformable_attention_is_the_formula() -> None:
    torch.manual_seed(0)
    dim, heads, points, sizes = 8, 2, 2, ((1, 2), (2, 3), (3, 5))
    attention = DeformableAttention(dim, heads, points)
    total = sum(h * w for h, w in sizes)
    tokens = Tokens(torch.randn(1, total, dim), torch.rand(total, 2), sizes)
    x = torch.randn(1, total, dim)
    with torch.inference_mode():
        placed = (x + tokens.position)[0]
        offsets = attention.sampling_offsets(placed).reshape(total, heads, 3, points, 2)
        weights = attention.attention_weights(placed).reshape(total, heads, -1).softmax(-1)
        values = attention.value_proj(x)[0]
        read = torch.zeros(total, heads, dim // heads)
        for n in range(total):
            for head in range(heads):
                start = 0
                for level, (h, w) in enumerate(sizes):
                    level_value = values[start : start + h * w].reshape(h, w, heads, -1)[:, :, head]
                    start += h * w
                    for point in range(points):
                        dx, dy = offsets[n, head, level, point].tolist()
                        column = float(tokens.places[n, 0]) * w + dx - 0.5
                        row = float(tokens.places[n, 1]) * h + dy - 0.5
                        weight = weights[n, head, level * points + point]
                        read[n, head] += weight * bilinear(level_value, column, row)
        expected = attention.output_proj(read.reshape(1, total, dim))
        torch.testing.assert_close(attention(x, tokens), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.unit
def test_batch_gives_the_same_features_as_single_images() -> None:
    torch.manual_seed(0)
    backbone = SamVit(SMALL_SAM).eval()
    config = DeformableConfig(conv_dim=32, encoder_layers=1, heads=2, points=2, ffn_dim=32)
    pixel_decoder = DeformablePixelDecoder(config, backbone.out_channels, 16).eval()
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        batched, _ = pixel_decoder(*backbone(images))
        single, _ = pixel_decoder(*backbone(images[1:]))
    torch.testing.assert_close(batched[1:], single, atol=1e-5, rtol=0)
