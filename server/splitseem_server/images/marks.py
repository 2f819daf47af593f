"""An image file -> the same file with nothing but its pixels, and how it is to be turned.

The rule of orientation is that of the page (`shared/image/imageMarks.ts`), held to the same vectors
(`proto/vectors/image_marks.json`): the first EXIF block that stands where the format puts it (JPEG: APP1
before the first scan; PNG: chunk eXIf; WebP: chunk EXIF) counts, and of it tag 274 of the first directory,
if that is one integer from 1 to 8. Nothing else turns such a file: no XMP, no text, no second block.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Part = TypeVar("Part")

MAX_PARTS = 65_536
"""Most segments or chunks of a file: a PNG of 32 MB in pieces of 512 bytes."""
MAX_SCANS = 100
"""Most scans of a progressive JPEG; programs write 10, and every one costs a pass over all pixels."""

_EXIF = b"Exif\0\0"
_ORIENTATION = 274
# TIFF's integer types: struct code and bytes. Cameras write SHORT, some programs LONG or BYTE.
_INTEGERS = {1: ("B", 1), 3: ("H", 2), 4: ("I", 4), 6: ("b", 1), 8: ("h", 2), 9: ("i", 4)}


class TooManyParts(ValueError):
    """A file of more segments, chunks or scans than any picture needs."""


@dataclass(frozen=True)
class Marked:
    """A file taken apart.

    Args:
        pixels: the file without metadata; the file itself where there is none to take out.
        orientation: EXIF's number, 1 to 8; 1 is upright.
    """

    pixels: bytes
    orientation: int


def read_marks(data: bytes) -> Marked:
    """Take the metadata out of a JPEG, PNG or WebP file and read how it is to be turned.

    Files of another kind come back unchanged, broken files from the place on where they are broken: whether
    their pixels can be read the decoder says.

    Raises:
        TooManyParts: more than `MAX_PARTS` segments or chunks, or more than `MAX_SCANS` scans.
    """
    for signature, split in _SPLITTERS:
        if signature(data):
            kept, exif = split(data)
            return Marked(kept, 1 if exif is None else exif_orientation(exif))
    return Marked(data, 1)


def exif_orientation(exif: bytes) -> int:
    """The orientation that an EXIF block says, 1 to 8; 1 where it says none, or nothing that can be read."""
    tiff = exif.removeprefix(_EXIF)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(order + "HHI", tiff, at)
            if tag != _ORIENTATION:
                continue
            if kind not in _INTEGERS or values != 1:
                return 1
            (value,) = struct.unpack_from(order + _INTEGERS[kind][0], tiff, at + 8)
            return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


# JPEG: segments up to the first scan; what follows it is copied.

_SOI, _EOI, _SOS, _TEM, _APP1, _COM = 0xD8, 0xD9, 0xDA, 0x01, 0xE1, 0xFE
_ALONE = {_TEM, _SOI, *range(0xD0, 0xD8)}
# APP0 (JFIF) and APP14 (Adobe) say how colours are stored.
_JPEG_METADATA = {_COM, *range(_APP1, 0xF0)} - {0xEE}
_PIECE_BYTES = 2**20
_IS_MARKER = np.ones(256, dtype=np.bool_)
"""By the byte after 0xFF: in scans that is data when 0 follows, a point to restart at before 0xD0 to 0xD7, a
filling before another 0xFF."""
_IS_MARKER[[0, *range(0xD0, 0xD8), 0xFF]] = False


def _split_jpeg(data: bytes) -> tuple[bytes, bytes | None]:
    kept, exif = [data[:2]], None
    for marker, start, end in _limited(_jpeg_segments(data)):
        if marker == _APP1 and exif is None and data.startswith(_EXIF, start + 4):
            exif = data[start + 4 : end]
        if marker == _SOS:
            _check_scans(data, start)
        if marker not in _JPEG_METADATA:
            kept.append(data[start:end])
    return b"".join(kept), exif


def _check_scans(data: bytes, start: int) -> None:
    """Raises: TooManyParts: too many scans, or too many segments between them."""
    markers, scans = 0, 0
    # A piece at a time: NumPy leaves the interpreter to other threads.
    for at in range(start, len(data) - 1, _PIECE_BYTES):
        piece = np.frombuffer(data, np.uint8, min(_PIECE_BYTES + 1, len(data) - at), at)
        codes = piece[1:][piece[:-1] == 0xFF]
        markers += int(np.count_nonzero(_IS_MARKER[codes]))
        scans += int(np.count_nonzero(codes == _SOS))
    if scans > MAX_SCANS or markers > MAX_PARTS:
        raise TooManyParts(
            f"the JPEG has {scans} scans and {markers} markers; at most {MAX_SCANS} and {MAX_PARTS} are read"
        )


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start (at 0xFF) and end of each segment after SOI; the last is all from the first scan on."""
    at = 2
    while True:
        start = data.find(b"\xff", at)  # decoders skip what is between segments
        while start >= 0 and data[start + 1 : start + 2] == b"\xff":
            start += 1  # fill bytes
        if start < 0 or start + 2 > len(data):
            return
        marker = data[start + 1]
        if marker == 0:
            at = start + 2
            continue
        if marker in _ALONE:
            at = start + 2
            yield marker, start, at
            continue
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        if marker in (_SOS, _EOI) or length < 2 or start + 2 + length > len(data):
            yield marker if marker in (_SOS, _EOI) else 0, start, len(data)
            return
        at = start + 2 + length
        yield marker, start, at


# PNG

_PNG = b"\x89PNG\r\n\x1a\n"


def _split_png(data: bytes) -> tuple[bytes, bytes | None]:
    kept, exif = [_PNG], None
    for name, start, end in _limited(_png_chunks(data)):
        if name == b"eXIf" and exif is None:
            exif = data[start + 8 : end - 4]
        if _makes_pixels(name, data[start:end]):
            kept.append(data[start:end])
    return b"".join(kept), exif


def _makes_pixels(name: bytes, chunk: bytes) -> bool:
    """Whether a chunk is critical (a capital begins its name), or says what is transparent and is whole."""
    if name == b"tRNS":
        return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
    return not name[0] & 0x20


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = len(_PNG)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        name = data[at + 4 : at + 8]
        yield name, at, min(end, len(data))
        if name == b"IEND":
            return
        at = end
    if at < len(data):
        yield b"IDAT", at, len(data)  # a piece of a chunk: for the decoder


# WebP: VP8X has a flag for each kind of metadata.

_WEBP_METADATA = {b"ICCP": 0x20, b"EXIF": 0x08, b"XMP ": 0x04}


def _split_webp(data: bytes) -> tuple[bytes, bytes | None]:
    kept: list[bytes] = []
    exif, flags = None, sum(_WEBP_METADATA.values())
    for name, start, end in _limited(_webp_chunks(data)):
        chunk = data[start:end]
        if name == b"EXIF" and exif is None:
            exif = chunk[8 : 8 + int.from_bytes(chunk[4:8], "little")]
        if name == b"VP8X" and len(chunk) > 8:
            chunk = chunk[:8] + bytes([chunk[8] & ~flags]) + chunk[9:]
        if name not in _WEBP_METADATA:
            kept.append(chunk)
    body = b"WEBP" + b"".join(kept)
    if len(data) < 8 + int.from_bytes(data[4:8], "little"):
        return data, exif  # cut short: the decoder says so
    return b"RIFF" + struct.pack("<I", len(body)) + body, exif


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    end_of_file = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    at = 12
    while at + 8 <= end_of_file:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size + (size & 1)
        yield data[at : at + 4], at, min(end, end_of_file)
        at = end


def _limited(parts: Iterable[Part]) -> Iterator[Part]:
    for number, part in enumerate(parts):
        if number >= MAX_PARTS:
            raise TooManyParts(f"the file has more than {MAX_PARTS} segments or chunks")
        yield part


_SPLITTERS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], tuple[bytes, bytes | None]]], ...] = (
    (lambda data: data.startswith(b"\xff\xd8\xff"), _split_jpeg),
    (lambda data: data.startswith(_PNG), _split_png),
    (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", _split_webp),
)
