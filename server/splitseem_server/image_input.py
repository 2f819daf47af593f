"""Untrusted bytes -> RGB image. Limits are checked on the header, before pixels are decoded."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from splitseem_proto.limits import MAX_DIMENSION
from splitseem_server.errors import (
    BodyTooLarge,
    ImageTooLarge,
    ServerError,
    UnreadableImage,
    UnsupportedImage,
)

RgbImage = NDArray[np.uint8]

# First bytes of each format that is read. Of MPO, which begins like JPEG, the first picture counts.
_SIGNATURES = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "WEBP": (b"RIFF",),
    "BMP": (b"BM",),
    "GIF": (b"GIF87a", b"GIF89a"),
}
FORMATS = tuple(_SIGNATURES)
_ANIMATED_FORMATS = ("GIF", "PNG", "WEBP")
_EXIF_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)


@dataclass(frozen=True)
class ImageLimits:
    """Most bytes and most pixels of an image."""

    max_bytes: int
    max_pixels: int


@dataclass(frozen=True)
class ImageHeader:
    """What is known of an image before it is decoded.

    Args:
        original_hw: height and width in pixels after EXIF rotation.
        digest: SHA-256 of the file, hexadecimal.
    """

    original_hw: tuple[int, int]
    digest: str


def read_header(data: bytes, limits: ImageLimits) -> ImageHeader:
    """Check an image file and read its size, without decoding it.

    Raises:
        UnreadableImage: empty, damaged or cut short.
        UnsupportedImage: not an image, of a format that is not read, or animated.
        BodyTooLarge, ImageTooLarge: a limit is exceeded.
    """
    if len(data) > limits.max_bytes:
        raise BodyTooLarge(f"the image has {len(data)} bytes, at most {limits.max_bytes} are read")
    with _decoding(data), Image.open(io.BytesIO(data), formats=FORMATS) as image:
        _check_size(image, limits)
        _check_still(image)
        height, width = image.height, image.width
        sideways = image.getexif().get(_EXIF_ORIENTATION) in _SIDEWAYS
    return ImageHeader((width, height) if sideways else (height, width), hashlib.sha256(data).hexdigest())


def read_image(data: bytes, limits: ImageLimits) -> RgbImage:
    """Decode an image file.

    16 bits become 8, grey and CMYK become RGB, transparency is laid over white, EXIF rotation is applied.
    Colour profiles are ignored.

    Returns:
        uint8 `[H, W, 3]`, RGB, C order.
    Raises:
        as `read_header`.
    """
    read_header(data, limits)
    with _decoding(data), Image.open(io.BytesIO(data), formats=FORMATS) as image:
        image.load()
        _check_size(image, limits)
        return np.ascontiguousarray(_to_rgb(ImageOps.exif_transpose(image)))


def _to_rgb(image: Image.Image) -> RgbImage:
    if image.mode.startswith("I"):
        return _grey16_to_rgb(np.asarray(image))
    if image.has_transparency_data:
        colour = image.convert("RGBA")
        white = Image.new("RGBA", colour.size, "white")
        image = Image.alpha_composite(white, colour)
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def _grey16_to_rgb(values: NDArray[np.generic]) -> RgbImage:
    # 65535 = 255 * 257, so that white stays white.
    grey = ((values.astype(np.int64) + 128) // 257).clip(0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)  # [H, W, 3]


def _check_size(image: Image.Image, limits: ImageLimits) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise UnreadableImage("the image has no pixels")
    if width * height > limits.max_pixels or max(width, height) > MAX_DIMENSION:
        raise ImageTooLarge(
            f"the image has {width} x {height} pixels; at most {limits.max_pixels} in all and {MAX_DIMENSION}"
            " along a side are read"
        )


def _check_still(image: Image.Image) -> None:
    if image.format in _ANIMATED_FORMATS and getattr(image, "is_animated", False):
        raise UnsupportedImage(f"the {image.format} is animated; send one frame as a still image")


@contextmanager
def _decoding(data: bytes) -> Iterator[None]:
    """Translate what Pillow raises on hostile files into errors of the service."""
    try:
        yield
    except (ServerError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(f"the image has too many pixels: {error}") from error
    except UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except Exception as error:
        # Decoders meet any file with any exception: OSError, SyntaxError, struct.error, KeyError and more.
        raise UnreadableImage(f"the image cannot be decoded: {error}") from error


def _unidentified(data: bytes) -> ServerError:
    if not data:
        return UnreadableImage("the image is empty (0 bytes)")
    for name, signatures in _SIGNATURES.items():
        if data.startswith(signatures):
            return UnreadableImage(f"begins like {name}, but is damaged or cut short")
    return UnsupportedImage(f"not an image that is read here; these are: {', '.join(FORMATS)}")
