"""What encoding a photo costs: `make bench`.

The bundled model by image size and codec, with the bytes on the wire, and by how it computes; an official
model with and without its mask features, part by part; and the memory of a large photo.
"""

import argparse
import subprocess
import sys
from functools import partial
from pathlib import Path

import encoder_variants
import focal_encoder
import numpy as np
from timing import milliseconds, write_result

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_proto import pack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--canvas", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--device", default="cpu", help="of the variants")
    parser.add_argument("--official", default="focalt-v1", help="preset with a feature pyramid")
    parser.add_argument("--official-canvas", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--official-repeats", type=int, default=5)
    options = parser.parse_args()
    write_result("encoder", by_codec(options.model, options.canvas, options.repeats))
    write_result("encoder_variants", encoder_variants.rows(options.model, options.device, options.repeats))
    model = focal_encoder.drawn_model(options.official)
    sizes, repeats = options.official_canvas, options.official_repeats
    write_result("mask_source", focal_encoder.variants(model, sizes, repeats))
    write_result("encoder_parts", focal_encoder.parts(model, sizes, repeats))
    memory = Path(__file__).with_name("encoder_memory.py")
    for canvas in sizes:
        command = [sys.executable, str(memory), "--preset", options.official, "--canvas", str(canvas)]
        subprocess.run(command, check=True)


def by_codec(model: str, canvases: list[int], repeats: int) -> list[focal_encoder.Row]:
    """Milliseconds and megabytes of a square photo."""
    encoder = ImageEncoder(load_model(model))
    photo = np.random.default_rng(0).integers(0, 255, (1024, 1024, 3), dtype=np.uint8)
    rows = []
    for canvas in canvases:
        for codec in encoder.codecs:
            embedding = encoder.encode(photo, canvas=canvas, codec=codec)
            encode = partial(encoder.encode, photo, canvas=canvas, codec=codec)
            size = round(len(pack(embedding)) / 1e6, 2)
            rows.append(
                {"canvas": canvas, "codec": codec, "wire_MB": size, **milliseconds(encode, repeats, 1)}
            )
    return rows


if __name__ == "__main__":
    main()
