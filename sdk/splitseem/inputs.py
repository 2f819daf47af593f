"""What callers have of an image -> a file that the service reads."""

from __future__ import annotations

import io
import mimetypes
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from splitseem.errors import InputError

ImageLike = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | NDArray[np.uint8] | Any
"""A path, the bytes of an image file, an open file, uint8 `[H, W]`, `[H, W, 3]` or `[H, W, 4]`, or an image
of Pillow."""

_PNG_BEGIN = b"\x89PNG\r\n\x1a\n"
_PNG_COLOUR = {1: 0, 3: 2, 4: 6}
# Quick: what is sent once need not be small.
_PNG_LEVEL = 1
_PILLOW_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


@dataclass(frozen=True)
class ImageFile:
    """The bytes of an image file; `name` only says where it came from."""

    content: bytes
    name: str = "image"

    @property
    def content_type(self) -> str:
        """By the name; the server looks at the bytes only."""
        guessed = mimetypes.guess_type(self.name)[0] or ""
        return guessed if guessed.startswith("image/") else "application/octet-stream"


def image_file(image: ImageLike) -> ImageFile:
    """The file to send. Files go as they are, and the server turns them upright; pixels go as PNG, unturned.

    Raises:
        InputError: none of the kinds that are read, or an array of another type or shape.
        OSError: the path cannot be read.
    """
    if isinstance(image, ImageFile):
        return image
    if isinstance(image, str | os.PathLike):
        path = Path(image)
        return ImageFile(path.read_bytes(), path.name)
    if isinstance(image, bytes | bytearray | memoryview):
        return ImageFile(bytes(image))
    if isinstance(image, np.ndarray):
        return ImageFile(png_of(image))
    if hasattr(image, "mode") and hasattr(image, "convert"):
        return ImageFile(_of_pillow(image))
    if hasattr(image, "read"):
        return _of_open_file(image)
    raise InputError(
        "expected an image: a path, bytes, an open file, an array or an image of Pillow,"
        f" got {type(image).__name__}"
    )


def png_of(pixels: NDArray[Any]) -> bytes:
    """A PNG of uint8 `[H, W]` grey, `[H, W, 3]` RGB or `[H, W, 4]` RGBA; bool counts as black and white.

    Raises:
        InputError: another type or shape, or no pixel.
    """
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * 255
    channels = 1 if pixels.ndim == 2 else pixels.shape[2] if pixels.ndim == 3 else 0
    if pixels.dtype != np.uint8 or channels not in _PNG_COLOUR or pixels.size == 0:
        raise InputError(
            "expected pixels uint8 [H, W], [H, W, 3] or [H, W, 4], got"
            f" {pixels.dtype} {list(pixels.shape)}; values from 0 to 1 are brought there by"
            " (255 * pixels).round().astype(np.uint8)"
        )
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + width * channels), dtype=np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, _PNG_COLOUR[channels], 0, 0, 0)
    chunks = (b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), _PNG_LEVEL)), (b"IEND", b"")
    return _PNG_BEGIN + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _of_pillow(image: Any) -> bytes:
    plain = image if image.mode in _PILLOW_MODES else image.convert("RGB")
    stream = io.BytesIO()
    # Without EXIF: coordinates count in the pixels that the caller sees, and these are not turned.
    plain.save(stream, "PNG", compress_level=_PNG_LEVEL, exif=b"")
    return stream.getvalue()


def _of_open_file(file: Any) -> ImageFile:
    content = file.read()
    if not isinstance(content, bytes):
        raise InputError(f"expected a file opened for bytes (mode 'rb'), it gave {type(content).__name__}")
    return ImageFile(content, os.path.basename(str(getattr(file, "name", "image"))))
