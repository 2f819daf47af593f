"""What a device gives: images a second of the encoders, by model, precision and images a run; the share of
what it does in a large product; and what batches gain. `--device cuda` on a GPU.

Official models have drawn weights, since time depends on the sizes alone. A run is the second stage of the
service, from inputs on the host to maps on the host. "share" is the operations of a run by its seconds, over
those of one product of matrices in the same precision.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from focal_encoder import Row, drawn_model
from timing import write_result
from torch.utils.flop_counter import FlopCounterMode

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder, ModelInput
from splitseem_model.encode.network import EncoderModel, EncoderOptions
from splitseem_model.errors import DeviceMemoryError

MODELS = ("nano", "focalt-v1", "focall-v1")
PRODUCT = {"cpu": 2048, "cuda": 8192}
"""Rows and columns."""
LEAST_S = 0.3
"""Of repetitions of one thing."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--precisions", nargs="+", help="float32, and float16 on a GPU")
    parser.add_argument("--canvas", type=int, default=512)
    options = parser.parse_args()
    usual = ["float32"] if options.device == "cpu" else ["float32", "float16"]
    rows: list[Row] = []
    for precision in options.precisions or usual:
        peak = product_flops(options.device, precision)
        for name in options.models:
            model = load_model(name) if name == "nano" else drawn_model(name)
            chosen = EncoderOptions(precision=precision, channels_last=True)
            rows += of_model(model, options, chosen, peak)
    write_result(f"device_{options.device}", rows)


def of_model(
    model: EncoderModel, options: argparse.Namespace, chosen: EncoderOptions, peak: float
) -> list[Row]:
    """A row for every number of images a run; those that the device's memory does not hold are left out."""
    encoder = ImageEncoder(model, options.device, chosen)
    geometry = encoder.geometry_for((options.canvas, options.canvas), canvas=options.canvas)
    pixels = np.random.default_rng(0).integers(0, 256, (*geometry.input_hw, 3), dtype=np.uint8)
    image = encoder.prepare(pixels, geometry)
    with FlopCounterMode(display=False) as counter:
        run(encoder, image, 1)
    flops, rows = counter.get_total_flops(), []
    for batch in options.batches:
        try:
            seconds = median_seconds(partial(run, encoder, image, batch))
        except DeviceMemoryError:
            break
        rate = batch / seconds
        rows.append(
            {
                "model": encoder.name,
                "precision": chosen.precision,
                "images_a_run": batch,
                "run_ms": round(1000 * seconds, 1),
                "images_a_s": round(rate, 2),
                "gain": round(rate / (rows[0]["images_a_s"] if rows else rate), 2),
                "gflop_an_image": round(flops / 1e9, 1),
                "share": round(rate * flops / peak, 3),
            }
        )
    return rows


def run(encoder: ImageEncoder, image: ModelInput, batch: int) -> None:
    """One run of the device."""
    encoder.run([image] * batch, encoder.maps[0])


def product_flops(device: str, precision: str) -> float:
    """Operations a second of one product of matrices."""
    side = PRODUCT["cuda" if device.startswith("cuda") else "cpu"]
    left = torch.randn(side, side, device=device, dtype=getattr(torch, precision))

    def multiply() -> None:
        (left @ left)[0, 0].item()  # waits for it

    return 2 * side**3 / median_seconds(multiply)


def median_seconds(call: Callable[[], object]) -> float:
    """Of repetitions for a while, after one that does not count."""
    call()
    samples: list[float] = []
    while len(samples) < 3 or sum(samples) < LEAST_S:
        began = time.perf_counter()
        call()
        samples.append(time.perf_counter() - began)
    return statistics.median(samples)


if __name__ == "__main__":
    main()
