"""Seconds to encode a photo, by image size and codec, and bytes on the wire: `make bench`."""

import argparse
from functools import partial

import numpy as np
from timing import milliseconds, write_result

from splitseem_model.encoder import ImageEncoder
from splitseem_model.registry import load_model
from splitseem_proto import pack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--canvas", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    encoder = ImageEncoder(load_model(options.model))
    photo = np.random.default_rng(0).integers(0, 255, (1024, 1024, 3), dtype=np.uint8)
    rows = []
    for canvas in options.canvas:
        for codec in encoder.codecs:
            embedding = encoder.encode(photo, canvas=canvas, codec=codec)
            rows.append(
                {
                    "canvas": canvas,
                    "codec": codec,
                    "wire_MB": round(len(pack(embedding)) / 1e6, 2),
                    **milliseconds(
                        partial(encoder.encode, photo, canvas=canvas, codec=codec), options.repeats, 1
                    ),
                }
            )
    write_result("encoder", rows)


if __name__ == "__main__":
    main()
