"""Peak memory of one process that loads a model and encodes one large photo: `make bench`."""

import argparse
import re
from pathlib import Path

import torch
from focal_encoder import drawn_model, smooth_photo

from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.encode.network import EncoderOptions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="focalt-v1")
    parser.add_argument("--canvas", type=int, default=None)
    parser.add_argument("--width", type=int, default=4000)
    parser.add_argument("--height", type=int, default=3000)
    parser.add_argument("--features", action="store_true", help="with mask features, not their source")
    options = parser.parse_args()
    encoder = ImageEncoder(
        drawn_model(options.preset), options=EncoderOptions(mask_source=not options.features)
    )
    before = peak_gb()
    embedding = encoder.encode(smooth_photo(options.height, options.width), canvas=options.canvas)
    print(
        f"{options.preset}, {options.width} x {options.height} photo, input {embedding.geometry.padded_hw},"
        f" {torch.get_num_threads()} threads: peak {peak_gb():.2f} GB, {before:.2f} GB before encoding"
    )


def peak_gb() -> float:
    """Largest resident size so far; `getrusage` would count the process that started this one."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise RuntimeError("/proc/self/status has no VmHWM: this benchmark needs Linux")
    return int(found[1]) * 1024 / 1e9


if __name__ == "__main__":
    main()
