"""Image files of the user."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from splitseem_cli.failures import Refused


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """An image file as RGB, uint8 `[H, W, 3]`, EXIF orientation applied.

    Raises:
        Refused: no such file, or not an image that is read here.
    """
    return np.asarray(_read(path, "RGB"))


def read_stroke(path: Path, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """The drawn pixels of a stroke file, bool `[H, W]`: those that are not black and not transparent.

    Raises:
        Refused: no such file, not an image, another size than the photo's, or nothing drawn.
    """
    drawn = np.asarray(_read(path, "RGBA"))
    stroke: NDArray[np.bool_] = drawn[..., :3].any(axis=-1) & (drawn[..., 3] > 0)
    if stroke.shape != size_hw:
        raise Refused(f"scribble {path} has {_pixels(stroke.shape)}, the image {_pixels(size_hw)}")
    if not stroke.any():
        raise Refused(f"scribble {path} is empty: draw with any colour but black")
    return stroke


def _read(path: Path, mode: str) -> Image.Image:
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image).convert(mode)
    except FileNotFoundError as error:
        raise Refused(f"no such image: {path}") from error
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused(f"cannot read {path} as an image: {error}") from error


def _pixels(size_hw: tuple[int, ...]) -> str:
    return f"{size_hw[1]} x {size_hw[0]} pixels"
