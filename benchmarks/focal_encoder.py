"""The encoder of an official model with and without its mask features, in one process: seconds end to end,
whether the masks agree, and the arithmetic of each part beside what the machine can do.

Weights are drawn, not trained, since time depends on the sizes alone. Masks are compared twice: of the same
queries, which is what the encoder answers for, and of whole clicks. Attention masks in the decoder are sign
tests, and drawn weights have no margins, so a rounding error can turn a sign and with it a click's mask.
Therefore the median of the clicks is given.
"""

import statistics
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from splitseem_eval.metrics import iou
from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.config import preset
from splitseem_model.encode.folded_pyramid import FoldedPyramid
from splitseem_model.encode.mask_map import level_averages, mask_conv
from splitseem_model.encode.network import EncoderOptions, MapKind
from splitseem_model.encode.pixel_decoder import FPN
from splitseem_model.layers.onednn import use_onednn
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_proto import Click

Row = dict[str, Any]

VARIANTS: dict[str, tuple[MapKind, EncoderOptions]] = {
    "mask features": ("features", EncoderOptions(onednn=False)),
    "mask features, oneDNN": ("features", EncoderOptions(onednn=True)),
    "mask source": ("source", EncoderOptions(onednn=False)),
    "mask source, oneDNN": ("source", EncoderOptions(onednn=True)),
    "lateral map, oneDNN": ("lateral", EncoderOptions(onednn=True)),
}
PHOTO = Path(__file__).parents[1] / "client" / "public" / "samples" / "astronaut.jpg"
CLICKS_XY = tuple((x, y) for x in (0.15, 0.4, 0.6, 0.9) for y in (0.2, 0.5, 0.8))
"""Where masks are compared, in parts of the photo's sides."""


def drawn_model(preset_name: str) -> SegmentationModel:
    """An official model without text encoder, with pseudo-random weights."""
    model = SegmentationModel(replace(preset(preset_name), text=None)).eval()
    fill_with_golden_weights(model)
    return model


def smooth_photo(height: int, width: int) -> NDArray[np.uint8]:
    """Something like a photo: blurred noise, uint8 `[height, width, 3]`."""
    torch.manual_seed(0)
    noise = torch.randn(1, 3, height // 32 + 1, width // 32 + 1)
    smooth = functional.interpolate(noise, size=(height, width), mode="bicubic")[0]
    return (smooth * 50 + 128).clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()


def variants(model: SegmentationModel, canvases: list[int], repeats: int) -> list[Row]:
    """A row for each canvas and variant: seconds of `ImageEncoder.encode`, and agreement of the masks.

    The variants take turns, so that other work on the machine meets all of them.
    """
    # Layers are handed to oneDNN in place, hence the copies.
    predictors = {
        name: Predictor(deepcopy(model), encoding=encoding) for name, (_, encoding) in VARIANTS.items()
    }
    kinds = {name: kind for name, (kind, _) in VARIANTS.items()}
    photo = np.asarray(Image.open(PHOTO).convert("RGB"))
    with torch.inference_mode():
        learned = model.decoder.head(model.decoder.query_feat.weight[None]).mask_embed
    rows = []
    for canvas in canvases:
        masks = {
            name: _masks(predictor, learned, photo, canvas, kinds[name])
            for name, predictor in predictors.items()
        }
        calls: dict[str, Callable[[], object]] = {
            name: partial(predictor.encoder.encode, photo, canvas=canvas, maps=kinds[name])
            for name, predictor in predictors.items()
        }
        seconds = take_turns(calls, repeats)
        plain = next(iter(VARIANTS))
        for name in VARIANTS:
            ratios = [a / b for a, b in zip(seconds[plain], seconds[name], strict=True)]
            of_queries, of_clicks = (
                [iou(a, b) for a, b in zip(theirs, ours, strict=True)]
                for theirs, ours in zip(masks[plain], masks[name], strict=True)
            )
            rows.append(
                {
                    "canvas": canvas,
                    "variant": name,
                    "median_s": round(statistics.median(seconds[name]), 3),
                    "min_s": round(min(seconds[name]), 3),
                    "times_faster": round(statistics.median(ratios), 2),
                    "iou_queries_lowest": round(min(of_queries), 5),
                    "iou_clicks_median": round(statistics.median(of_clicks), 5),
                }
            )
    return rows


Masks = list[NDArray[np.bool_]]


def _masks(
    predictor: Predictor, mask_embed: Tensor, photo: NDArray[np.uint8], canvas: int, maps: MapKind
) -> tuple[Masks, Masks]:
    """Masks of given queries, and of single clicks; float32 on the way, so that only the encoder differs."""
    image = predictor.encode(photo, canvas=canvas, codec="float32", maps=maps)
    of_queries = image.masks.logits(mask_embed.detach().numpy())[0] > 0
    height, width = photo.shape[:2]
    steps = [predictor.step(image, [Click(x * width, y * height)]) for x, y in CLICKS_XY]
    return list(of_queries), [predictor.mask(image, step) for step in steps]


def parts(model: SegmentationModel, canvases: list[int], repeats: int) -> list[Row]:
    """A row for each canvas and part: GFLOP (products and convolutions, two a multiplication) and GFLOP/s."""
    rows = [peak_row(name, call) for name, call in _peaks().items()]
    folded = deepcopy(model)
    use_onednn(folded)
    for canvas in canvases:
        pixels = torch.randn(1, 3, canvas, canvas)
        plain_parts, folded_parts = _plain_parts(model, pixels), _folded_parts(folded, pixels)
        seconds = take_turns(plain_parts | folded_parts, repeats)
        gflop = {name: count_gflop(call) for name, call in plain_parts.items()}
        gflop |= {name: count_gflop(call) for name, call in _folded_parts(model, pixels).items()}
        for name, samples in seconds.items():
            rows.append(_part_row(canvas, name, gflop[name], min(samples)))
    return rows


def _plain_parts(model: SegmentationModel, pixels: Tensor) -> dict[str, Callable[[], object]]:
    fpn = model.pixel_decoder
    assert isinstance(fpn, FPN)
    with torch.inference_mode():
        pyramid = model.backbone(pixels)
        finest, _ = fpn.fuse(*pyramid)
    return {
        "backbone": lambda: model.backbone(pixels),
        "strides 32 to 8": lambda: fpn.levels(*pyramid[1:]),
        "all to stride 4": lambda: fpn.fuse(*pyramid),
        "mask features": lambda: fpn.mask_features(finest),
    }


def _folded_parts(model: SegmentationModel, pixels: Tensor) -> dict[str, Callable[[], object]]:
    fpn = model.pixel_decoder
    assert isinstance(fpn, FPN)
    with torch.inference_mode():
        pyramid = model.backbone(pixels)
        folded = FoldedPyramid(fpn)
        finest, _ = folded.fuse(*pyramid)
        conv = mask_conv(fpn)
    return {
        "backbone, oneDNN": lambda: model.backbone(pixels),
        "all to stride 4, folded": lambda: folded.fuse(*pyramid),
        "averages": lambda: level_averages(finest, conv),
    }


def _peaks() -> dict[str, tuple[float, Callable[[], object]]]:
    """GFLOP and call of a large product, by what torch takes for it and by oneDNN, and of a convolution."""
    a = torch.randn(2048, 2048)
    x = torch.randn(1, 512, 64, 64)
    weight = torch.randn(512, 512, 3, 3)
    linear = torch.nn.Linear(2048, 2048, bias=False)
    use_onednn(wrapped := torch.nn.Sequential(linear))
    product, convolution = 2 * 2048**3 / 1e9, 2 * 9 * 512 * 512 * 64 * 64 / 1e9
    return {
        "peak: matmul": (product, lambda: a @ a),
        "peak: matmul, oneDNN": (product, lambda: wrapped(a)),
        "peak: convolution": (convolution, lambda: functional.conv2d(x, weight, padding=1)),
    }


def peak_row(name: str, peak: tuple[float, Callable[[], object]]) -> Row:
    """What the machine reaches."""
    gflop, call = peak
    return _part_row(0, name, gflop, min(take_turns({name: call}, repeats=9)[name]))


def _part_row(canvas: int, name: str, gflop: float, seconds: float) -> Row:
    return {
        "canvas": canvas or "",
        "part": name,
        "GFLOP": round(gflop, 1),
        "min_s": round(seconds, 3),
        "GFLOP/s": round(gflop / seconds),
    }


def count_gflop(call: Callable[[], object]) -> float:
    """Multiplications and additions of products, convolutions and attention."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        call()
    return float(counter.get_total_flops()) / 1e9


@torch.inference_mode()
def take_turns(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of every call in every round, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats + 1):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - began)
    return {name: samples[1:] for name, samples in seconds.items()}
