"""The pixels of a photo as the server sees them, where that is known; else it is asked."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from splitseem.errors import NotInstalled
from splitseem.inputs import ImageFile

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]

_ORIENTATION = 274
_PLAIN = {"JPEG": ("L", "RGB"), "PNG": ("1", "L", "P", "RGB"), "WEBP": ("RGB",), "BMP": ("L", "P", "RGB")}
"""Formats and modes that every reader reads alike."""


def pixels_of(file: ImageFile) -> Pixels | None:
    """Upright, uint8 `[H, W, 3]`; None where only the server can say what they are.

    Raises:
        NotInstalled: Pillow is not there.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise NotInstalled("edges of the photo's own pixels need Pillow", "sharp=False") from error
    try:
        with Image.open(io.BytesIO(file.content)) as image:
            plain = image.mode in _PLAIN.get(image.format or "", ()) and "transparency" not in image.info
            return np.asarray(_upright(image).convert("RGB")) if plain else None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


def _upright(image: Image) -> Image:
    """Turned as its EXIF block says; XMP does not count."""
    from PIL.Image import Exif, Transpose

    exif = Exif()
    exif.load(image.info.get("exif", b""))
    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(exif.get(_ORIENTATION, 1))
    return image if turn is None else image.transpose(turn)
