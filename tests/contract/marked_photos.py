"""Photos with marks of orientation, of every kind and in every place, and how each is to be shown.

`python tests/contract/marked_photos.py FOLDER` writes them with `photos.json`: name, orientation, and the
colours of the blocks of each when it is upright. The rule is in ARCHITECTURE.md.
"""

from __future__ import annotations

import io
import json
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

BLOCK = 16
# No two alike, in no symmetry; all far apart after the colour subsampling of JPEG.
COLOURS = np.array(
    [[[220, 30, 30], [30, 190, 40], [40, 60, 220]], [[240, 230, 60], [20, 20, 20], [210, 60, 210]]], np.uint8
)
SHORT, LONG = 3, 4
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}


@dataclass(frozen=True)
class MarkedPhoto:
    """A file, and the orientation by which it is to be turned."""

    name: str
    data: bytes
    orientation: int

    @property
    def colours(self) -> NDArray[np.uint8]:
        """The blocks of the upright picture, uint8 `[rows, columns, 3]`."""
        return turned(COLOURS, self.orientation)


def turned(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Pixels as EXIF's orientation asks for."""
    steps: dict[int, NDArray[np.uint8]] = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.swapaxes(0, 1),
        6: pixels[::-1].swapaxes(0, 1),
        7: pixels[::-1, ::-1].swapaxes(0, 1),
        8: pixels[:, ::-1].swapaxes(0, 1),
    }
    return steps[orientation]


def picture() -> Image.Image:
    """The blocks, 48 x 32."""
    return Image.fromarray(COLOURS.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1))


def saved(file_format: str, image: Image.Image | None = None, **options: Any) -> bytes:
    stream = io.BytesIO()
    lossless: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": 95, "subsampling": 0},
        "WEBP": {"lossless": True},
        "AVIF": {"quality": 95, "subsampling": "4:4:4"},
    }
    (image or picture()).save(stream, file_format, **lossless.get(file_format, {}), **options)
    return stream.getvalue()


def exif(value: int, kind: int = SHORT, order: str = ">", *, count: int = 1, before: int = 0) -> bytes:
    """An EXIF block, from its byte order on, that says an orientation.

    Args:
        kind: TIFF type of the value. order: struct's. before: other tags before it.
    """
    entries = [struct.pack(order + "HHII", 0x0001 + n, LONG, 1, n) for n in range(before)]
    packed = struct.pack(order + _CODES[kind], value).ljust(4, b"\0")
    entries.append(struct.pack(order + "HHI", 274, kind, count) + packed)
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "I", 8)
    return head + struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)


def xmp(value: int) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{value}"/>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


# Containers: a mark into a file.


def jpeg_segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def in_jpeg(*segments: bytes, at_end: bool = False, fill: bytes = b"") -> bytes:
    """A JPEG with segments after its first one, or just before its scan."""
    data = saved("JPEG")
    first = 4 + int.from_bytes(data[4:6], "big")
    at = data.index(b"\xff\xda") if at_end else first
    return data[:at] + fill + b"".join(segments) + data[at:]


def app1(block: bytes) -> bytes:
    return jpeg_segment(0xE1, b"Exif\0\0" + block)


def xmp_app1(value: int) -> bytes:
    return jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(value))


def png_chunk(name: bytes, content: bytes, *, wrong_crc: bool = False) -> bytes:
    crc = zlib.crc32(name + content) ^ wrong_crc
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def in_png(*chunks: bytes, at_end: bool = False) -> bytes:
    """A PNG with chunks after IHDR, or after its pixels."""
    data = saved("PNG")
    at = len(data) - 12 if at_end else 33
    return data[:at] + b"".join(chunks) + data[at:]


def raw_profile(value: int, kind: str) -> bytes:
    """What ImageMagick writes into the text chunks of PNG."""
    block = b"Exif\0\0" + exif(value) if kind == "exif" else xmp(value)
    return f"\n{kind}\n{len(block):8}\n{block.hex()}\n".encode()


def webp_chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def in_webp(*chunks: bytes, flags: int = 0x08, first: bool = False) -> bytes:
    """A WebP of the extended kind, with chunks behind its pixels or before them."""
    simple = saved("WEBP")[12:]
    size = picture().size
    extended = webp_chunk(
        b"VP8X", bytes([flags, 0, 0, 0]) + b"".join((n - 1).to_bytes(3, "little") for n in size)
    )
    parts = [*chunks, simple] if first else [simple, *chunks]
    body = b"WEBP" + extended + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


# Cases


def photos() -> Iterator[MarkedPhoto]:
    for file_format in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "TIFF"):
        yield MarkedPhoto(f"plain.{file_format.lower()}", saved(file_format), 1)
    yield from _plain_marks()
    yield from _kinds_of_value()
    yield from _odd_places()
    yield from _other_marks()
    yield from _broken_marks()
    yield from _boxes_and_tags()


def _marked_by_exif(container: str, block: bytes) -> bytes:
    if container == "jpeg":
        return in_jpeg(app1(block))
    if container == "png":
        return in_png(png_chunk(b"eXIf", block))
    return in_webp(webp_chunk(b"EXIF", block))


CONTAINERS = ("jpeg", "png", "webp")
ORDERS = {"big": ">", "little": "<"}


def _plain_marks() -> Iterator[MarkedPhoto]:
    for container in CONTAINERS:
        for name, order in ORDERS.items():
            for value in range(1, 9):
                data = _marked_by_exif(container, exif(value, order=order))
                yield MarkedPhoto(f"exif-short-{name}-{value}.{container}", data, value)


def _kinds_of_value() -> Iterator[MarkedPhoto]:
    for container in CONTAINERS:
        for kind in (1, 4, 6, 8, 9):
            for value, (name, order) in zip((3, 6), ORDERS.items(), strict=True):
                data = _marked_by_exif(container, exif(value, kind, order))
                yield MarkedPhoto(f"exif-type{kind}-{name}-{value}.{container}", data, value)
        for value in (0, 9, 255):
            data = _marked_by_exif(container, exif(value))
            yield MarkedPhoto(f"exif-meaningless-{value}.{container}", data, 1)
        yield MarkedPhoto(f"exif-late-tag-8.{container}", _marked_by_exif(container, exif(8, before=30)), 8)
        yield MarkedPhoto(f"exif-two-values-6.{container}", _marked_by_exif(container, exif(6, count=2)), 1)
    yield MarkedPhoto("exif-prefixed-6.png", in_png(png_chunk(b"eXIf", b"Exif\0\0" + exif(6))), 6)
    yield MarkedPhoto("exif-prefixed-6.webp", in_webp(webp_chunk(b"EXIF", b"Exif\0\0" + exif(6))), 6)


def _odd_places() -> Iterator[MarkedPhoto]:
    yield MarkedPhoto("late-3.jpeg", in_jpeg(app1(exif(3)), at_end=True), 3)
    yield MarkedPhoto("filled-6.jpeg", in_jpeg(app1(exif(6)), fill=b"\xff\xff\xff"), 6)
    yield MarkedPhoto("behind-junk-6.jpeg", in_jpeg(app1(exif(6)), fill=b"\0\0\0"), 6)
    yield MarkedPhoto("after-end-6.jpeg", saved("JPEG") + app1(exif(6)), 1)
    yield MarkedPhoto("two-exif-6-3.jpeg", in_jpeg(app1(exif(6)), app1(exif(3))), 6)
    yield MarkedPhoto("comment-before-8.jpeg", in_jpeg(jpeg_segment(0xFE, b"x" * 2_000), app1(exif(8))), 8)
    yield MarkedPhoto("app2-exif-6.jpeg", in_jpeg(jpeg_segment(0xE2, b"Exif\0\0" + exif(6))), 1)
    yield MarkedPhoto("after-pixels-6.png", in_png(png_chunk(b"eXIf", exif(6)), at_end=True), 6)
    yield MarkedPhoto("two-exif-6-3.png", in_png(png_chunk(b"eXIf", exif(6)), png_chunk(b"eXIf", exif(3))), 6)
    yield MarkedPhoto("wrong-crc-6.png", in_png(png_chunk(b"eXIf", exif(6), wrong_crc=True)), 6)
    yield MarkedPhoto("before-pixels-6.webp", in_webp(webp_chunk(b"EXIF", exif(6)), first=True), 6)
    yield MarkedPhoto("flag-unset-6.webp", in_webp(webp_chunk(b"EXIF", exif(6)), flags=0), 6)
    two = in_webp(webp_chunk(b"EXIF", exif(6)), webp_chunk(b"EXIF", exif(3)))
    yield MarkedPhoto("two-exif-6-3.webp", two, 6)


def _other_marks() -> Iterator[MarkedPhoto]:
    for value in (3, 6):
        yield MarkedPhoto(f"xmp-{value}.jpeg", in_jpeg(xmp_app1(value)), 1)
        yield MarkedPhoto(f"xmp-{value}.webp", in_webp(webp_chunk(b"XMP ", xmp(value)), flags=4), 1)
        itxt = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(value))
        yield MarkedPhoto(f"xmp-{value}.png", in_png(itxt), 1)
        for kind in ("exif", "xmp"):
            text = zlib.compress(raw_profile(value, kind))
            ztxt = png_chunk(b"zTXt", f"Raw profile type {kind}".encode() + b"\0\0" + text)
            yield MarkedPhoto(f"raw-profile-{kind}-{value}.png", in_png(ztxt), 1)
    yield MarkedPhoto("exif-6-xmp-3.jpeg", in_jpeg(xmp_app1(3), app1(exif(6))), 6)
    yield MarkedPhoto("exif-1-xmp-6.jpeg", in_jpeg(app1(exif(1)), xmp_app1(6)), 1)
    yield MarkedPhoto("exif-none-xmp-6.jpeg", in_jpeg(app1(exif(0)), xmp_app1(6)), 1)
    gif = saved("GIF", comment=xmp(6))
    yield MarkedPhoto("comment-6.gif", gif, 1)


def _broken_marks() -> Iterator[MarkedPhoto]:
    broken = {
        "cut": exif(6)[:15],
        "directory-outside": b"MM\0*\xff\xff\xff\xf0" + bytes(30),
        "directory-negative": b"II*\0" + struct.pack("<i", -8) + bytes(30),
        "no-order": b"XX" + exif(6)[2:],
        "empty": b"",
        "second-directory": b"MM\0*" + struct.pack(">IHI", 8, 0, 14) + exif(6)[8:],
        "count-lies-6": exif(6)[:8] + b"\xff\xff" + exif(6)[10:],
    }
    for container in CONTAINERS:
        for name, block in broken.items():
            orientation = 6 if name.endswith("6") else 1
            yield MarkedPhoto(f"broken-{name}.{container}", _marked_by_exif(container, block), orientation)


def _boxes_and_tags() -> Iterator[MarkedPhoto]:
    for value in range(1, 9):
        block = Image.Exif()
        block[274] = value
        # Pillow writes the orientation into the boxes irot and imir.
        yield MarkedPhoto(f"boxes-{value}.avif", saved("AVIF", exif=block.tobytes()), value)
        yield MarkedPhoto(f"tag-{value}.tiff", saved("TIFF", tiffinfo={274: value}), value)
    # EXIF says 6, no box does. Pillow takes this tag out of what it writes, so another one is written and
    # renamed.
    other = exif(6).replace(b"\1\x12\0\3", b"\1\x11\0\3")
    avif = saved("AVIF", exif=other)
    yield MarkedPhoto("exif-6.avif", avif.replace(b"\1\x11\0\3", b"\1\x12\0\3"), 1)


def text_chunks() -> PngImagePlugin.PngInfo:
    """1.5 MB of text that takes a few kilobytes."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * 1_500_000, zip=True)
    return info


def main(folder: Path) -> None:
    listing = []
    for photo in photos():
        (folder / photo.name).write_bytes(photo.data)
        listing.append(
            {"name": photo.name, "orientation": photo.orientation, "colours": photo.colours.tolist()}
        )
    (folder / "photos.json").write_text(json.dumps(listing))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
