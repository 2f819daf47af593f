"""Milliseconds of prepare and step, in torch and in ONNX Runtime, one thread, by image size: `make bench`."""

import argparse
from functools import partial

import numpy as np
import torch
from timing import milliseconds, write_result

from splitseem_export.runtime import onnx_runtime_of
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.predictor import Predictor
from splitseem_model.step.runtime import DecoderRuntime
from splitseem_model.step.torch_runtime import TorchRuntime
from splitseem_proto import Click


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--canvas", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(options.model)
    runtimes: dict[str, DecoderRuntime] = {"torch": TorchRuntime(model), "onnx": onnx_runtime_of(model)}
    photo = np.random.default_rng(0).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    clicks = [Click(100.5, 120.5), Click(300.5, 200.5, 0), Click(320.5, 240.5)]
    rows = []
    for canvas in options.canvas:
        for name, runtime in runtimes.items():
            predictor = Predictor(model, runtime)
            image = predictor.encode(photo, canvas=canvas)
            memory = predictor.step(image, clicks[:1]).memory
            calls = {
                "prepare": partial(predictor.decoder.prepare, image.embedding),
                "click": partial(predictor.step, image, clicks, memory),
            }
            times = {what: milliseconds(call, options.repeats)["median_ms"] for what, call in calls.items()}
            rows.append({"runtime": name, "canvas": canvas, **times})
    write_result("decoder_step", rows)


if __name__ == "__main__":
    main()
