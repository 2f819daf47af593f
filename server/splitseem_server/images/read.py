"""Untrusted bytes -> upright RGB image. Limits are checked on the header, before pixels are decoded.

What a file holds its first bytes say. Metadata is taken out before anything is decoded (`marks.py`,
which also has the rule of orientation), so that no text, profile or thumbnail can spoil or delay the pixels.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from splitseem_proto.limits import MAX_DIMENSION
from splitseem_server.errors import (
    BodyTooLarge,
    ImageTooLarge,
    ServerError,
    UnreadableImage,
    UnsupportedImage,
)
from splitseem_server.images.budget import bytes_a_pixel, most_pixels
from splitseem_server.images.high_bits import to_eight_bits
from splitseem_server.images.marks import TooManyParts, read_marks

RgbImage = NDArray[np.uint8]

# Format by the first bytes. Of MPO, which begins like JPEG, and of animations the first picture counts.
_SIGNATURES: dict[str, tuple[tuple[int, bytes], ...]] = {
    "JPEG": ((0, b"\xff\xd8\xff"),),
    "PNG": ((0, b"\x89PNG\r\n\x1a\n"),),
    "WEBP": ((8, b"WEBP"),),
    "BMP": ((0, b"BM"),),
    "GIF": ((0, b"GIF87a"), (0, b"GIF89a")),
    "AVIF": ((4, b"ftypavif"), (4, b"ftypavis")),
    "TIFF": ((0, b"II*\0"), (0, b"MM\0*"), (0, b"II+\0"), (0, b"MM\0+")),
}
FORMATS = tuple(_SIGNATURES)

# What people send that is not read, so that the answer can name it.
_OTHERS: dict[str, tuple[tuple[int, bytes], ...]] = {
    "HEIC": ((4, b"ftyphei"), (4, b"ftyphev"), (4, b"ftypmif1"), (4, b"ftypmsf1")),
    "JPEG XL": ((0, b"\xff\x0a"), (4, b"JXL ")),
    "JPEG 2000": ((4, b"jP  "),),
    "PDF": ((0, b"%PDF"),),
    "Photoshop": ((0, b"8BPS"),),
}

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)
_FROM_THE_RIGHT = (7, 8)
_FROM_BELOW = (3, 4)
_BAND_PIXELS = 2**18
"""Of the upright image that are worked on at a time."""
_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True)
class ImageLimits:
    """Most bytes and most pixels of an image."""

    max_bytes: int
    max_pixels: int


@dataclass(frozen=True)
class ImageHeader:
    """What is known of an image before it is decoded.

    Args:
        original_hw: height and width in pixels of the upright image.
        digest: SHA-256 of the file, hexadecimal.
        decode_bytes: of memory, to decode it.
    """

    original_hw: tuple[int, int]
    digest: str
    decode_bytes: int


def read_header(data: bytes, limits: ImageLimits, digest: str | None = None) -> ImageHeader:
    """Check an image file and read its size, without decoding it.

    Args:
        digest: its SHA-256 where it is known, hexadecimal.
    Raises:
        UnreadableImage: empty, damaged or cut short.
        UnsupportedImage: not an image, or of a format that is not read.
        BodyTooLarge, ImageTooLarge: a limit is exceeded.
    """
    with _opened(data, limits) as opened:
        width, height = opened.upright_size
        _check_budget(opened.image, len(data))
        needs = _decode_bytes(opened.image)
    return ImageHeader((height, width), digest or hashlib.sha256(data).hexdigest(), needs)


def decode_bytes(data: bytes, limits: ImageLimits) -> int:
    """Bytes of memory to decode an image file, by its header.

    Raises:
        as `read_header`, but for a file that takes more than its length allows.
    """
    with _opened(data, limits) as opened:
        return _decode_bytes(opened.image)


def read_image(data: bytes, limits: ImageLimits) -> RgbImage:
    """Decode an image file.

    More than 8 bits become 8 (`high_bits.py`), grey and CMYK become RGB, transparency is laid over white, the
    image is turned upright. Colour profiles are ignored.

    Returns:
        uint8 `[H, W, 3]`, RGB, C order.
    Raises:
        as `read_header`.
    """
    with _opened(data, limits) as opened:
        width, height = opened.upright_size
        pixels = np.empty((height, width, 3), dtype=np.uint8)
        for top, band in opened.bands(0, height):
            pixels[top : top + band.height] = np.asarray(band)
        return pixels


def read_picture(data: bytes, limits: ImageLimits) -> Image.Image:
    """What `read_image` reads, as an image of Pillow.

    Raises:
        as `read_header`.
    """
    with _opened(data, limits) as opened:
        picture = Image.new("RGB", opened.upright_size)
        for top, band in opened.bands(0, picture.height):
            picture.paste(band, (0, top))
        return picture


def read_part(
    data: bytes, limits: ImageLimits, roi_xywh: tuple[int, int, int, int], size_hw: tuple[int, int]
) -> RgbImage:
    """What `crop_and_resize` makes of what `read_image` reads, in little more memory than the decoder takes.

    The filter goes over the rows first and over the columns of what it gave then, so rows can come in bands.

    Returns:
        uint8 `[*size_hw, 3]`.
    Raises:
        as `read_header`.
    """
    x, y, width, height = roi_xywh
    narrow = Image.new("RGB", (size_hw[1], height))
    with _opened(data, limits) as opened:
        for top, band in opened.bands(y, y + height):
            part = band.crop((x, 0, x + width, band.height))
            narrow.paste(part.resize((size_hw[1], band.height), Image.Resampling.BICUBIC), (0, top))
    return np.array(narrow.resize(size_hw[::-1], Image.Resampling.BICUBIC), dtype=np.uint8)


def read_rgba(data: bytes, limits: ImageLimits) -> RgbImage:
    """Decode an image file with its transparency, turned upright.

    Returns:
        uint8 `[H, W, 4]`, RGBA, C order.
    Raises:
        as `read_header`.
    """
    with _opened(data, limits) as opened:
        upright = _turned(opened.eight_bits(), opened.orientation)
        return np.ascontiguousarray(upright.convert("RGBA"))


@dataclass(frozen=True)
class _Opened:
    """An image, not decoded yet, how it is to be turned, and what opens it once more."""

    image: Image.Image
    orientation: int
    again: Callable[[], Image.Image]

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = self.image.size
        return (height, width) if self.orientation in _SIDEWAYS else (width, height)

    def eight_bits(self) -> Image.Image:
        """Decoded, 8 bits a channel, not turned."""
        return to_eight_bits(self.image, self.again)

    def bands(self, begin: int, end: int) -> Iterator[tuple[int, Image.Image]]:
        """Some rows of the upright image, RGB over white, a few at a time: the place of the first among
        them, and the rows."""
        image = self.eight_bits()
        rows = max(1, _BAND_PIXELS // self.upright_size[0])
        for top in range(begin, end, rows):
            bottom = min(top + rows, end)
            stored = image.crop(_stored_box(image.size, self.orientation, top, bottom))
            yield top - begin, _turned(_over_white(stored), self.orientation)


def _stored_box(size: tuple[int, int], orientation: int, top: int, bottom: int) -> tuple[int, int, int, int]:
    """Where rows of the upright image stand in the stored one of that size: left, top, right, bottom."""
    width, height = size
    if orientation in _SIDEWAYS:
        left, right = (width - bottom, width - top) if orientation in _FROM_THE_RIGHT else (top, bottom)
        return left, 0, right, height
    if orientation in _FROM_BELOW:
        top, bottom = height - bottom, height - top
    return 0, top, width, bottom


@contextmanager
def _opened(data: bytes, limits: ImageLimits) -> Iterator[_Opened]:
    if len(data) > limits.max_bytes:
        raise BodyTooLarge(f"the image has {len(data)} bytes, at most {limits.max_bytes} are read")
    file_format = _format_of(data)
    with _decoding(file_format):
        marked = read_marks(data)

        def opened() -> Image.Image:
            return Image.open(io.BytesIO(marked.pixels), formats=[file_format])

        with opened() as image:
            _check_size(image, limits)
            orientation = _box_orientation(image) if file_format == "AVIF" else marked.orientation
            yield _Opened(image, orientation, opened)


def _box_orientation(image: Image.Image) -> int:
    """What the boxes `irot` and `imir` of an AVIF say; its EXIF only repeats them and is not read."""
    decoder = image._decoder  # type: ignore[attr-defined]  # Pillow mixes boxes and EXIF where it tells of them
    orientation: int = decoder.get_info()[5]
    return orientation


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _over_white(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        colour = image.convert("RGBA")
        white = Image.new("RGBA", colour.size, "white")
        image = Image.alpha_composite(white, colour)
    return image.convert("RGB")


def _check_size(image: Image.Image, limits: ImageLimits) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise UnreadableImage("the image has no pixels")
    if width * height > limits.max_pixels or max(width, height) > MAX_DIMENSION:
        raise ImageTooLarge(
            f"the image has {width} x {height} pixels; at most {limits.max_pixels} in all and {MAX_DIMENSION}"
            " along a side are read"
        )


def _kind_of(image: Image.Image) -> str:
    return f"{'progressive ' if image.info.get('progressive') else ''}{image.format}"


def _decode_bytes(image: Image.Image) -> int:
    return image.width * image.height * bytes_a_pixel(_kind_of(image))


def _check_budget(image: Image.Image, length: int) -> None:
    kind = _kind_of(image)
    most = most_pixels(kind, length)
    if image.width * image.height > most:
        raise ImageTooLarge(
            f"the image has {image.width} x {image.height} pixels in {length} bytes; at most {most} pixels of"
            f" a {kind} of this length are read; save it smaller"
        )


@contextmanager
def _decoding(file_format: str) -> Iterator[None]:
    """Translate what Pillow raises on hostile files into errors of the service."""
    try:
        yield
    except (ServerError, MemoryError):
        raise
    except TooManyParts as error:
        raise UnreadableImage(f"{error}; save it again with an ordinary program") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(f"the image has too many pixels: {error}") from error
    except UnidentifiedImageError as error:
        raise UnreadableImage(f"begins like {file_format}, but is damaged or cut short") from error
    except Exception as error:
        # Decoders meet any file with any exception: OSError, SyntaxError, struct.error, KeyError and more.
        raise UnreadableImage(f"the image cannot be decoded: {error}") from error


def _format_of(data: bytes) -> str:
    """Raises: UnreadableImage: empty. UnsupportedImage: of no format that is read."""
    if not data:
        raise UnreadableImage("the image is empty (0 bytes)")
    for name, signatures in _SIGNATURES.items():
        if _begins(data, signatures):
            return name
    for name, signatures in _OTHERS.items():
        if _begins(data, signatures):
            raise UnsupportedImage(f"{name} is not read here; save it as JPEG or PNG")
    raise UnsupportedImage(f"not an image that is read here; these are: {', '.join(FORMATS)}")


def _begins(data: bytes, signatures: tuple[tuple[int, bytes], ...]) -> bool:
    return any(data.startswith(signature, at) for at, signature in signatures)
