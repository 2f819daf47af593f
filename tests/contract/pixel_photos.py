"""Photos whose pixels are stored in other ways than 8 bits of red, green and blue.

`python tests/contract/pixel_photos.py FOLDER` writes them with `pixels.json`: name, and the
colours that the server reads in the middle of the blocks of each.
"""

from __future__ import annotations

import io
import json
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from marked_photos import BLOCK, picture, png_chunk, saved  # type: ignore[import-not-found]  # beside this script
from numpy.typing import NDArray
from PIL import Image, ImageCms

from splitseem_server.images.read import ImageLimits, read_image

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=1 << 20)
_RGB, _GREY, _RGB_ALPHA, _GREY_ALPHA = 2, 0, 6, 4


def photos() -> Iterator[tuple[str, bytes]]:
    """Names and files."""
    yield from _of_other_colours()
    yield from _with_transparency()
    yield from _with_profiles()
    yield from _of_sixteen_bits()
    yield from _of_few_colours()


def _of_other_colours() -> Iterator[tuple[str, bytes]]:
    for file_format in ("JPEG", "TIFF"):
        yield f"cmyk.{file_format.lower()}", saved(file_format, picture().convert("CMYK"))
    yield "ycbcr.tiff", saved("TIFF", picture().convert("YCbCr"))
    yield "lab.tiff", saved("TIFF", _lab())
    for file_format in ("JPEG", "PNG", "TIFF", "WEBP"):
        yield f"grey.{file_format.lower()}", saved(file_format, picture().convert("L"))


def _lab() -> Image.Image:
    rgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(picture(), rgb, lab, outputMode="LAB")
    assert converted is not None
    return converted


def _with_transparency() -> Iterator[tuple[str, bytes]]:
    image = picture().convert("RGBA")
    alpha = np.linspace(0, 255, image.width).astype(np.uint8)
    image.putalpha(Image.fromarray(np.tile(alpha, (image.height, 1))))
    for file_format in ("PNG", "WEBP", "AVIF", "TIFF"):
        yield f"alpha.{file_format.lower()}", saved(file_format, image)
    yield "grey-alpha.png", saved("PNG", image.convert("LA"))
    palette = picture().quantize(8)
    for file_format in ("PNG", "GIF"):
        yield f"palette-alpha.{file_format.lower()}", saved(file_format, palette, transparency=2)
    yield "palette-half-alpha.png", saved("PNG", palette, transparency=bytes(range(0, 256, 32)))
    yield "colour-key.png", saved("PNG", transparency=(220, 30, 30))
    yield (
        "grey-key.png",
        saved("PNG", picture().convert("L"), transparency=picture().convert("L").getpixel((0, 0))),
    )


def _with_profiles() -> Iterator[tuple[str, bytes]]:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Who obeys it shows red as green.
    swapped = srgb.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ").replace(b"----", b"gXYZ")
    for name, profile in (("srgb", srgb), ("swapped", swapped)):
        for file_format in ("JPEG", "PNG", "WEBP"):
            yield f"profile-{name}.{file_format.lower()}", saved(file_format, icc_profile=profile)
    for name, chunk in (
        ("gamma", png_chunk(b"gAMA", struct.pack(">I", 100_000))),
        ("srgb", png_chunk(b"sRGB", b"\0")),
    ):
        data = saved("PNG")
        yield f"{name}.png", data[:33] + chunk + data[33:]


def _of_sixteen_bits() -> Iterator[tuple[str, bytes]]:
    rgb = np.asarray(picture()).astype(np.uint16) * 257
    grey = np.asarray(picture().convert("L")).astype(np.uint16) * 257
    alpha = np.full((*grey.shape, 1), 0x8080, np.uint16)
    yield "16-rgb.png", sixteen_bit_png(rgb, _RGB)
    yield "16-grey.png", sixteen_bit_png(grey[..., None], _GREY)
    yield "16-low-grey.png", sixteen_bit_png(grey[..., None] // 20, _GREY)
    yield "16-rgba.png", sixteen_bit_png(np.concatenate([rgb, alpha], axis=2), _RGB_ALPHA)
    yield "16-grey-alpha.png", sixteen_bit_png(np.concatenate([grey[..., None], alpha], axis=2), _GREY_ALPHA)
    yield "16-grey.tiff", saved("TIFF", Image.fromarray(grey))


def sixteen_bit_png(pixels: NDArray[np.uint16], colour_type: int) -> bytes:
    """A PNG of 16 bits a channel, which Pillow does not write.

    Args:
        pixels: uint16 `[H, W, C]`.
        colour_type: as the PNG specification numbers them.
    """
    height, width, _ = pixels.shape
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    raw = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    chunks = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", zlib.compress(raw)), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _of_few_colours() -> Iterator[tuple[str, bytes]]:
    for bits in (1, 2, 4):
        stream = io.BytesIO()
        picture().quantize(2**bits).save(stream, "PNG", bits=bits)
        yield f"palette-{bits}-bits.png", stream.getvalue()
    for file_format in ("PNG", "TIFF", "BMP"):
        yield f"black-and-white.{file_format.lower()}", saved(file_format, picture().convert("1", dither=0))


def main(folder: Path) -> None:
    listing = []
    for name, data in photos():
        (folder / name).write_bytes(data)
        middles = read_image(data, LIMITS)[BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK]
        listing.append({"name": name, "colours": middles.tolist()})
    (folder / "pixels.json").write_text(json.dumps(listing))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
