"""Image files of the user, read exactly as the service reads uploads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from splitseem_cli.failures import Refused, in_words
from splitseem_proto.limits import MAX_MASK_PIXELS
from splitseem_server.errors import ServerError
from splitseem_server.images.read import ImageLimits, read_image, read_rgba

LIMITS = ImageLimits(max_bytes=1 << 32, max_pixels=MAX_MASK_PIXELS)
"""The user's own files: only what nothing here could hold is refused."""


def read_file(path: Path) -> bytes:
    """The content of an image file of the user.

    Raises:
        Refused: no such file, a folder, or one that may not be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Refused(f"no such image: {path}") from error
    except IsADirectoryError as error:
        raise Refused(f"{path} is a folder; name an image file, such as {path}/*.jpg") from error
    except OSError as error:
        raise Refused(f"cannot read: {in_words(error)}") from error


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """An image file as RGB, uint8 `[H, W, 3]`, upright.

    Raises:
        Refused: no such file, or not an image that is read here.
    """
    return _read(path, read_image)


def _read(path: Path, read: Callable[[bytes, ImageLimits], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    try:
        return read(read_file(path), LIMITS)
    except ServerError as error:
        raise Refused(f"cannot read {path}: {error}") from error


def read_stroke(path: Path, size_hw: tuple[int, int], what: str = "scribble") -> NDArray[np.bool_]:
    """The drawn pixels of a stroke file, bool `[H, W]`: those that are not black and not transparent.

    The file is turned upright by its own mark, as the photo is by its.

    Args:
        size_hw: of the photo, upright.
        what: the file is, for errors.

    Raises:
        Refused: no such file, not an image, another size than the photo's, or nothing drawn.
    """
    drawn = _read(path, read_rgba)
    stroke: NDArray[np.bool_] = drawn[..., :3].any(axis=-1) & (drawn[..., 3] > 0)
    if stroke.shape != size_hw:
        hint = "; it lies on its side: draw it on the upright photo"
        raise Refused(
            f"{what} {path} has {_pixels(stroke.shape)}, the image {_pixels(size_hw)}"
            + (hint if stroke.shape == size_hw[::-1] else "")
        )
    if not stroke.any():
        raise Refused(f"{what} {path} is empty: draw with any colour but black")
    return stroke


def _pixels(size_hw: tuple[int, ...]) -> str:
    return f"{size_hw[1]} x {size_hw[0]} pixels"
