"""How many objects the button `Everything` of the page shows: the page's own engine, under node.

Of a file of a training set (SET.jsonl.gz) only the photos count that were held out; of a folder of an
evaluation set all.

python -m benchmarks.everything_page SET ... [--canvas 512] [--limit 20]
"""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from benchmarks.alternatives import records_of

from splitseem_eval.data import DataImage
from splitseem_eval.evaluate import read_photo
from splitseem_eval.metrics import iou
from splitseem_eval.proposals import MET
from splitseem_eval.targets import annotated_targets
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_proto import CocoRle, decode_rle, pack

REPOSITORY = Path(__file__).parents[1]
CLIENT = REPOSITORY / "client"
RUNNER = CLIENT / "node_modules/.cache/bench/everything.js"


def shown(encoder: ImageEncoder, records: Sequence[DataImage], canvas: int | None) -> list[dict[str, Any]]:
    """Of each photo the `masks` that are shown, run lengths, and `seconds` of processor time."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        files = []
        for number, record in enumerate(records):
            files.append(folder / f"{number}.splitseem")
            files[-1].write_bytes(pack(encoder.encode(read_photo(record), canvas=canvas)))
        job, result = folder / "job.json", folder / "result.json"
        decoder = REPOSITORY / "build/decoder/nano"
        job.write_text(json.dumps({"decoder": str(decoder), "embeddings": list(map(str, files))}))
        subprocess.run(["node", str(RUNNER), str(job), str(result)], check=True)
        found: list[dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
    return found


def best_ious(record: DataImage, masks: Sequence[dict[str, Any]]) -> list[float]:
    """Of each object of a photo, the best IoU that a mask has with it."""
    decoded = [decode_rle(CocoRle(tuple(mask["size"]), tuple(mask["counts"]))) for mask in masks]
    return [
        max((iou(mask, target.truth, target.ignore) for mask in decoded), default=0.0)
        for target in annotated_targets(record)
    ]


@click.command(help=__doc__)
@click.argument("sets", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--canvas", default=None, type=int, help="Pixels along the photo that the model sees.")
@click.option("--limit", default=None, type=int, help="Photos of a set.")
def main(sets: tuple[Path, ...], canvas: int | None, limit: int | None) -> None:
    command = ["npx", "vite", "build", "--config", "bench/node.vite.config.ts", "--logLevel", "warn"]
    subprocess.run(command, cwd=CLIENT, check=True)
    encoder = ImageEncoder(load_model("nano"))
    print(f"{'set':<18}photos  objects    met  mean best IoU  shown  CPU seconds, median")
    for place in sets:
        records = records_of(place)[:limit]
        found = shown(encoder, records, canvas)
        ious = [
            value
            for record, one in zip(records, found, strict=True)
            for value in best_ious(record, one["masks"])
        ]
        met = sum(value >= MET for value in ious)
        print(
            f"{place.name.removesuffix('.jsonl.gz'):<18}{len(records):6}{len(ious):9}"
            f"{met:5}{met / max(1, len(ious)):6.3f}{np.mean(ious):11.3f}"
            f"{np.mean([len(one['masks']) for one in found]):7.1f}"
            f"{np.median([one['seconds'] for one in found]):10.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
