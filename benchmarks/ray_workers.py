"""What more workers of `splitseem embed-dataset` give on one machine: images a second of one, and of several.

.venv-ray/bin/python -m benchmarks.ray_workers --images 250 --rounds 3

Each worker has one thread, as Ray gives it. A round embeds the same photos by each number of workers, one
after the other, so that all meet the same of what else the machine does. Time begins with the first batch
that is done: what loading the model takes is told apart. `cpu_ms` is what workers take of a processor for an
image, `on_cpu` the share of their time for which they had one: where that is less, the machine had other
work.
"""

import argparse
import io
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import ray
from benchmarks.marked_places import ROOT
from benchmarks.timing import write_result
from numpy.typing import NDArray
from PIL import Image

from splitseem_ray.command import join
from splitseem_ray.dataset import Workers, embed_images
from splitseem_ray.sources import addresses
from splitseem_ray.worker import EmbedImages, Wish

PHOTO = ROOT / "client/public/samples/coffee.jpg"


DIGITS = {"begun_s": 1, "images_a_s": 2, "cpu_ms": 0, "on_cpu": 2}


@dataclass(frozen=True)
class Run:
    """`begun_s` until the first batch was there, `images_a_s` from then on; the others are named above."""

    workers: int
    begun_s: float
    images_a_s: float
    cpu_ms: float
    on_cpu: float


class Timed(EmbedImages):
    """Writes down what each batch takes: seconds of a processor and of the clock."""

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        cpu, clock = time.process_time(), time.perf_counter()
        rows = super().__call__(batch)
        with Path(self._root, "log").open("a") as log:
            log.write(f"{time.process_time() - cpu} {time.perf_counter() - clock}\n")
        return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=250)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--canvas", type=int, default=384)
    options = parser.parse_args()
    # Ray lowers the priority of its workers: beside other work they would wait where one alone does not.
    os.environ["RAY_worker_niceness"] = "0"
    join(None)
    runs: list[Run] = []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options.rounds):
            photos = Path(folder) / f"photos-{turn}"
            write_photos(photos, options.images, seed=turn)
            for count in options.workers:
                out = Path(folder) / f"out-{turn}-{count}"
                runs.append(measured(photos, out, Workers(count, batch=options.batch), options.canvas))
                print(runs[-1], flush=True)
    ray.shutdown()
    rows = [row(count, runs) for count in options.workers]
    least = rows[0]["images_a_s"]
    write_result("ray_workers", [{**one, "times": round(one["images_a_s"] / least, 2)} for one in rows])


def write_photos(folder: Path, count: int, seed: int) -> None:
    """Parts of a photo, 400 x 300 pixels, each of other pixels."""
    random = np.random.default_rng(seed)
    pixels = np.asarray(Image.open(PHOTO).convert("RGB"))
    folder.mkdir()
    for number in range(count):
        top, left = random.integers(0, [pixels.shape[0] - 300, pixels.shape[1] - 400])
        part = pixels[top : top + 300, left : left + 400].copy()
        part[0, 0] = np.frombuffer(number.to_bytes(3), np.uint8)
        stream = io.BytesIO()
        Image.fromarray(part).save(stream, "PNG", compress_level=1)
        (folder / f"{number:05}.png").write_bytes(stream.getvalue())


def measured(photos: Path, out: Path, workers: Workers, canvas: int) -> Run:
    """One run of all photos."""
    told: list[tuple[float, int]] = []
    began = time.perf_counter()
    outcome = embed_images(
        addresses(str(photos)),
        str(out),
        Wish("nano", canvas=canvas),
        workers,
        told=lambda made, failed: told.append((time.perf_counter(), made)),
        work=Timed,
    )
    assert outcome.failed == []
    (first, before), (last, made) = told[0], told[-1]
    cpu_s, clock_s = np.loadtxt(out / "log").sum(axis=0)
    rate = (made - before) / (last - first)
    return Run(workers.count, first - began, rate, float(1e3 * cpu_s / made), float(cpu_s / clock_s))


def row(count: int, runs: Sequence[Run]) -> dict[str, float]:
    """Medians of all runs of that many workers."""
    mine = [run for run in runs if run.workers == count]
    return {
        "workers": count,
        "runs": len(mine),
        **{
            name: round(median(getattr(run, name) for run in mine), digits) for name, digits in DIGITS.items()
        },
    }


if __name__ == "__main__":
    main()
