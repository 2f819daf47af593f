"""Reads the data format of training and evaluation sets.

One gzipped JSON-lines index per set, one line per image:

    {"image": path, "dataset": name, "size_hw": [h, w],
     "objects": [{"label": text or null, "rle": [...], "ignore_rle": [...]?, "isthing": 0|1?,
                  "fine_label": text?}],
     "captions": [text]?, "scribbles": [{"positive_rle": [...], "negative_rle": [...]}]?,
     "sequence": name?}

Image paths are relative to the folder of the index. Run lengths are uncompressed COCO ones: column-major,
background first, for `size_hw`. They stay run lengths in memory; a mask is decoded each time it is asked for.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from splitseem_eval.errors import DataError
from splitseem_proto import CocoRle, RleError, decode_rle

VALIDATION_ONE_IN = 20
"""About one image in this number is held out for validation, in each set."""


@dataclass(frozen=True, eq=False)
class RunLengths:
    """The run lengths of one mask: column-major, background first, for an image of `size_hw` pixels."""

    size_hw: tuple[int, int]
    counts: NDArray[np.int32]

    def decode(self) -> NDArray[np.bool_]:
        """The mask, bool `[H, W]`, in the image frame.

        Raises:
            DataError: the run lengths do not fill the image exactly.
        """
        try:
            return decode_rle(CocoRle(self.size_hw, tuple(self.counts.tolist())))
        except RleError as error:
            raise DataError(f"bad run lengths for an image of {self.size_hw}: {error}") from error


@dataclass(frozen=True, eq=False)
class DataObject:
    """One annotated object; `is_thing` is None where the set does not say, `fine_label` names its kind more
    closely than `label`, as a breed does."""

    label: str | None
    mask_runs: RunLengths
    ignore_runs: RunLengths | None
    is_thing: bool | None
    fine_label: str | None = None

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Pixels of the object, bool `[H, W]`; decoded again at each call."""
        return self.mask_runs.decode()

    @property
    def ignore(self) -> NDArray[np.bool_] | None:
        """Pixels that count neither way, bool `[H, W]`, or None where every pixel counts."""
        return None if self.ignore_runs is None else self.ignore_runs.decode()


@dataclass(frozen=True, eq=False)
class Scribbles:
    """What one person drew on the first object of an image: strokes as pixels, several wide."""

    positive_runs: RunLengths
    negative_runs: RunLengths

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Pixels drawn on the object, bool `[H, W]`."""
        return self.positive_runs.decode()

    @property
    def negative(self) -> NDArray[np.bool_]:
        """Pixels drawn outside it, bool `[H, W]`."""
        return self.negative_runs.decode()


@dataclass(frozen=True, eq=False)
class DataImage:
    """One image of a set with its annotations; `name` is its path as the index spells it.

    `sequence` is the video that it is a frame of, or None; frames stand in the index in their order in time.
    """

    path: Path
    name: str
    dataset: str
    size_hw: tuple[int, int]
    objects: tuple[DataObject, ...]
    captions: tuple[str, ...]
    scribbles: tuple[Scribbles, ...]
    sequence: str | None = None


def find_index(place: Path) -> Path:
    """The index file meant by `place`: itself when it is a file, else `index.jsonl.gz` in that folder.

    Raises:
        DataError: no such place, or a folder without `index.jsonl.gz`; names the indices that are in it.
    """
    if place.is_file():
        return place
    if not place.is_dir():
        raise DataError(f"no such data set: {place}")
    index = place / "index.jsonl.gz"
    if index.is_file():
        return index
    nearby = sorted(str(path.relative_to(place)) for path in place.glob("**/*.jsonl.gz"))
    raise DataError(f"no index.jsonl.gz in {place}; below it: {', '.join(nearby) or 'no index at all'}")


def read_index(path: Path, *, unfinished: bool = False) -> list[DataImage]:
    """All images of one index file, in its order.

    Args:
        unfinished: the file has a gzip member a line and may still be written; a cut end is left out.
    Raises:
        DataError: no such file, not gzip, or a line that is not in the format (named by its number).
    """
    if not path.is_file():
        raise DataError(f"no such index: {path}; expected a gzipped JSON-lines file such as index.jsonl.gz")
    records = [_image_record(path, number, line) for number, line in _numbered_lines(path, unfinished)]
    if not records:
        raise DataError(f"{path}: the index is empty")
    return records


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """An image file as RGB, uint8 `[H, W, 3]`, EXIF orientation applied.

    Sets are ordinary files, read by Pillow's rules; 16-bit grey is divided by 257. The rules of the service,
    which takes the files of strangers, differ: there XMP turns nothing, and transparency is laid over white
    instead of dropped.

    Raises:
        DataError: no such file, not an image that Pillow reads, or one of 32-bit values.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(_eight_bits(ImageOps.exif_transpose(image), path).convert("RGB"))
    except FileNotFoundError as error:
        raise DataError(f"no such image: {path}") from error
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"cannot read {path} as an image: {error}") from error


def _eight_bits(image: Image.Image, path: Path) -> Image.Image:
    """Pillow's own conversion would cut every value off at 255."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        values = np.asarray(image).astype(np.int64)
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise DataError(f"{path} has 32-bit values; save it with 8 or 16 bits a channel")
    return image


def is_validation(record: DataImage) -> bool:
    """Whether an image is held out from training: about 5 % of each set, the same on every machine."""
    digest = hashlib.sha256(f"{record.dataset}/{record.name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % VALIDATION_ONE_IN == 0


def whole_members(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The content of each gzip member that is whole, and where it ends; what follows the last is cut."""
    start = 0
    while start < len(data):
        member = zlib.decompressobj(wbits=31)  # a gzip header and trailer
        try:
            content = member.decompress(data[start:])
        except zlib.error:
            return
        if not member.eof:
            return
        start = len(data) - len(member.unused_data)
        yield content, start


def _numbered_lines(path: Path, unfinished: bool) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        if unfinished:
            yield from enumerate((text.decode() for text, _ in whole_members(path.read_bytes())), start=1)
            return
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable as gzipped text after line {number}: {error}") from error


def _image_record(index: Path, number: int, line: str) -> DataImage:
    try:
        return _parse_image(index.parent, json.loads(line))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise DataError(f"{index}, line {number}: not an image record: {what}") from error


def _parse_image(folder: Path, record: dict[str, Any]) -> DataImage:
    height, width = record["size_hw"]
    size_hw = (int(height), int(width))
    if min(size_hw) < 1:
        raise ValueError(f"size_hw must be positive, got {size_hw}")
    return DataImage(
        path=folder / record["image"],
        name=record["image"],
        dataset=record["dataset"],
        size_hw=size_hw,
        objects=tuple(_parse_object(entry, size_hw) for entry in record["objects"]),
        captions=tuple(record.get("captions", ())),
        scribbles=tuple(
            Scribbles(_run_lengths(s["positive_rle"], size_hw), _run_lengths(s["negative_rle"], size_hw))
            for s in record.get("scribbles", ())
        ),
        sequence=record.get("sequence"),
    )


def _parse_object(entry: dict[str, Any], size_hw: tuple[int, int]) -> DataObject:
    ignore = entry.get("ignore_rle")
    is_thing = entry.get("isthing")
    return DataObject(
        label=entry.get("label"),
        mask_runs=_run_lengths(entry["rle"], size_hw),
        ignore_runs=None if ignore is None else _run_lengths(ignore, size_hw),
        is_thing=None if is_thing is None else bool(is_thing),
        fine_label=entry.get("fine_label"),
    )


def _run_lengths(counts: list[int], size_hw: tuple[int, int]) -> RunLengths:
    runs = np.asarray(counts, dtype=np.int32)
    if runs.ndim != 1:
        raise ValueError(f"run lengths must be a list of numbers, got {runs.ndim} dimensions")
    return RunLengths(size_hw, runs)
