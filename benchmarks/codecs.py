"""What a codec costs and loses, on the photos of evaluation sets: `python benchmarks/codecs.py DATA_DIR...`.

By image size: bytes of an embedding, uncompressed and by zstd at level 1; milliseconds to encode its tensors
and pack it, to code it by zstd, to unpack and decode it in Python, and by the client under node. By set: IoU
of masks after one click with those of float32, and the clicks that an object takes (NoC).
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
import zstandard
from timing import write_result

from splitseem_eval.data import DataImage, find_index, read_index
from splitseem_eval.evaluate import EvaluationSettings, correct, encode, evaluate, read_photo
from splitseem_eval.figures import summarise
from splitseem_eval.targets import find_first_prompt
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.encode.photo_pixels import PHOTO, photo_tensor
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_proto import CODECS, Embedding, decode_tensor, encode_tensor, pack, unpack

Row = dict[str, Any]
T = TypeVar("T")
_NODE_SCRIPT = Path(__file__).with_name("codecs_decode.mjs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+", help="folders of evaluation sets")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--canvas", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--photos", type=int, default=8, help="that sizes and times are taken of")
    parser.add_argument("--limit", type=int, help="photos of a set that clicks are counted on")
    parser.add_argument("--codecs", nargs="+", default=list(CODECS), choices=list(CODECS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(options.model)
    sets = {folder.name: list(read_index(find_index(folder))) for folder in options.data}
    photos = [photo for records in sets.values() for photo in records[: options.photos // len(sets)]]
    sizes = [row for canvas in options.canvas for row in costs(model, photos, canvas, options.codecs)]
    write_result("codecs", sizes)
    clicks = [
        {"set": name, **row}
        for name, records in sets.items()
        for row in losses(model, records[: options.limit], options.codecs)
    ]
    write_result("codecs_noc", clicks)


def costs(model: SegmentationModel, photos: list[DataImage], canvas: int, codecs: list[str]) -> Iterator[Row]:
    """Medians over the photos, the codecs taking turns."""
    encoder = ImageEncoder(model)
    sources = [encoder.encode(read_photo(photo), canvas=canvas, codec="float32") for photo in photos]
    samples: dict[str, list[Row]] = {codec: [] for codec in codecs}
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(sources):
            for codec in codecs:
                row, data = _cost(source, codec)
                samples[codec].append(row)
                (Path(folder) / f"{codec}.{number}").write_bytes(data)
        in_node = _node_times(Path(folder), codecs, len(sources))
    for codec in codecs:
        medians = {key: statistics.median(row[key] for row in samples[codec]) for key in samples[codec][0]}
        rounded = {key: round(value, 3 if key.endswith("MB") else 1) for key, value in medians.items()}
        yield {"canvas": canvas, "codec": codec, **rounded, "node_decode_ms": in_node[codec]}


def _cost(source: Embedding, codec: str) -> tuple[Row, bytes]:
    values = {tensor.name: decode_tensor(tensor) for tensor in source.tensors}
    data, encode_ms = _timed(lambda: pack(_in_codec(source, values, codec)))
    coded, zstd_ms = _timed(lambda: zstandard.ZstdCompressor(level=1).compress(data))
    _, unzstd_ms = _timed(lambda: zstandard.ZstdDecompressor().decompress(coded))
    _, decode_ms = _timed(lambda: _decoded(data))
    times = {"encode_ms": encode_ms, "zstd_ms": zstd_ms, "unzstd_ms": unzstd_ms, "decode_ms": decode_ms}
    return {"MB": len(data) / 1e6, "zstd_MB": len(coded) / 1e6, **times}, data


def _in_codec(source: Embedding, values: dict[str, Any], codec: str) -> Embedding:
    tensors = (
        photo_tensor(value, codec) if name == PHOTO else encode_tensor(name, value, codec)
        for name, value in values.items()
    )
    return replace(source, codec=codec, tensors=tuple(tensors))


def _decoded(data: bytes) -> list[Any]:
    embedding = unpack(data)
    assert isinstance(embedding, Embedding)
    return [decode_tensor(tensor) for tensor in embedding.tensors]


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    """What the call gives, and the median milliseconds of three."""
    samples = []
    for _ in range(3):
        began = time.perf_counter()
        result = call()
        samples.append((time.perf_counter() - began) * 1e3)
    return result, statistics.median(samples)


def _node_times(folder: Path, codecs: list[str], count: int) -> dict[str, float]:
    """Milliseconds that the client's code takes for the files `codec.number`, by codec."""
    command = ["node", str(_NODE_SCRIPT), str(folder), str(count), *codecs]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    times: dict[str, float] = json.loads(result.stdout)
    return times


def losses(model: SegmentationModel, records: list[DataImage], codecs: list[str]) -> Iterator[Row]:
    """What each codec loses against float32, at the model's own canvas."""
    predictor = Predictor(model)
    exact = _first_masks(predictor, records, "float32")
    for codec in codecs:
        masks = _first_masks(predictor, records, codec)
        settings = EvaluationSettings(codec=codec)
        figures = summarise(list(evaluate(predictor, records, settings)), settings.max_clicks).to_dict()
        ious = [_iou(a, b) for a, b in zip(masks, exact, strict=True)]
        yield {
            "codec": codec,
            "objects": len(masks),
            "iou_to_float32": round(statistics.mean(ious), 4),
            **{key: round(figures[key], 3) for key in ("noc85", "noc90", "iou1", "iou3", "iou5")},
        }


def _first_masks(predictor: Predictor, records: list[DataImage], codec: str) -> list[Any]:
    settings = EvaluationSettings(codec=codec, max_clicks=1)
    masks = []
    for record in records:
        image, _ = encode(predictor, record, settings)
        for target in find_first_prompt(settings.prompt).targets(record):
            masks += [turn.mask for turn in correct(predictor, image, target, settings)]
    return masks


def _iou(a: Any, b: Any) -> float:
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 1.0


if __name__ == "__main__":
    main()
