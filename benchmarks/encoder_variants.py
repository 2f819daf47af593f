"""What the ways to compute an encoder take, side by side, and what they do to masks: on a CPU or a GPU.

Masks of single clicks on three photos are compared with those at float32, before the codec rounds anything;
the last row is what the usual codec does to them.
"""

import statistics
from functools import partial

import numpy as np
from focal_encoder import Row, take_turns
from numpy.typing import NDArray
from skimage import data

from splitseem_eval.metrics import iou
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.encode.network import EncoderOptions
from splitseem_model.predictor import Predictor
from splitseem_proto import Click

VARIANTS = {
    "float32": EncoderOptions(),
    "float32, channels last": EncoderOptions(channels_last=True),
    "float16": EncoderOptions(precision="float16"),
    "float16, channels last": EncoderOptions(precision="float16", channels_last=True),
    "bfloat16": EncoderOptions(precision="bfloat16"),
    "bfloat16, channels last": EncoderOptions(precision="bfloat16", channels_last=True),
}
AT = (0.15, 0.5, 0.85)
"""Of width and height: where the clicks are."""

Mask = NDArray[np.bool_]


def rows(model: str, device: str, repeats: int) -> list[Row]:
    """A row for each variant: milliseconds of a photo, and the IoU of its masks with those at float32."""
    photos = [data.astronaut(), data.chelsea(), data.coffee()]
    predictor = Predictor(load_model(model))
    encoders = {name: ImageEncoder(load_model(model), device, options) for name, options in VARIANTS.items()}
    calls = {name: partial(encoder.encode, photos[0]) for name, encoder in encoders.items()}
    seconds = take_turns(calls, repeats)
    exact = [_masks(predictor, encoders["float32"], photo, "float32") for photo in photos]
    result = []
    for name, encoder in encoders.items():
        ours = [_masks(predictor, encoder, photo, "float32") for photo in photos]
        result.append({"variant": name, **_milliseconds(seconds[name]), **_agreement(ours, exact)})
    codec = predictor.encoder.default_codec
    coded = [_masks(predictor, encoders["float32"], photo, codec) for photo in photos]
    return [
        *result,
        {"variant": f"float32, codec {codec}", "median_ms": "", "min_ms": "", **_agreement(coded, exact)},
    ]


def _masks(predictor: Predictor, encoder: ImageEncoder, photo: NDArray[np.uint8], codec: str) -> list[Mask]:
    """One for each of nine clicks."""
    image = predictor.decoder.prepare(encoder.encode(photo, codec=codec))
    height, width = photo.shape[:2]
    clicks = [Click(x * width, y * height) for y in AT for x in AT]
    return [predictor.mask(image, predictor.step(image, [click])) for click in clicks]


def _milliseconds(seconds: list[float]) -> Row:
    return {
        "median_ms": round(statistics.median(seconds) * 1e3, 1),
        "min_ms": round(min(seconds) * 1e3, 1),
    }


def _agreement(ours: list[list[Mask]], exact: list[list[Mask]]) -> Row:
    found = [
        iou(one, other)
        for some, others in zip(ours, exact, strict=True)
        for one, other in zip(some, others, strict=True)
    ]
    return {
        "iou_median": round(statistics.median(found), 5),
        "iou_mean": round(statistics.mean(found), 5),
        "iou_lowest": round(min(found), 5),
    }
