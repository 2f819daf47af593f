"""Untrusted bytes become RGB, whatever they were."""

from __future__ import annotations

import contextlib
import io
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from splitseem_server.errors import BodyTooLarge, ImageTooLarge, ServerError, UnreadableImage
from splitseem_server.images.read import ImageLimits, read_header, read_image

pytestmark = pytest.mark.unit

LIMITS = ImageLimits(max_bytes=2**24, max_pixels=2**20)
WIDTH, HEIGHT = 23, 17


def saved(image: Image.Image, name: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=name, **options)
    return stream.getvalue()


def quadrants() -> Image.Image:
    """Red, green / blue, white; 46 x 34."""
    pixels = np.zeros((2 * HEIGHT, 2 * WIDTH, 3), dtype=np.uint8)
    pixels[:HEIGHT, :WIDTH, 0] = 255
    pixels[:HEIGHT, WIDTH:, 1] = 255
    pixels[HEIGHT:, :WIDTH, 2] = 255
    pixels[HEIGHT:, WIDTH:] = 255
    return Image.fromarray(pixels)


def corner_colours(pixels: Any) -> list[tuple[int, ...]]:
    corners = (pixels[3, 3], pixels[3, -4], pixels[-4, 3], pixels[-4, -4])
    return [tuple(int(channel > 127) for channel in corner) for corner in corners]


RED, GREEN, BLUE, WHITE = (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "AVIF", "TIFF"])
def test_every_format_is_read(name: str) -> None:
    data = saved(quadrants(), name)
    pixels = read_image(data, LIMITS)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (2 * HEIGHT, 2 * WIDTH, 3)
    assert pixels.flags.c_contiguous
    assert corner_colours(pixels) == [RED, GREEN, BLUE, WHITE]
    assert read_header(data, LIMITS).original_hw == pixels.shape[:2]


# What was red, green / blue, white on disk, after the rotation that each EXIF orientation asks for.
ORIENTATIONS = {
    1: [RED, GREEN, BLUE, WHITE],
    2: [GREEN, RED, WHITE, BLUE],
    3: [WHITE, BLUE, GREEN, RED],
    4: [BLUE, WHITE, RED, GREEN],
    5: [RED, BLUE, GREEN, WHITE],
    6: [BLUE, RED, WHITE, GREEN],
    7: [WHITE, GREEN, BLUE, RED],
    8: [GREEN, WHITE, RED, BLUE],
}


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("orientation", "corners"), ORIENTATIONS.items())
def test_exif_orientation_is_applied(name: str, orientation: int, corners: list[tuple[int, ...]]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(quadrants(), name, exif=exif)
    pixels = read_image(data, LIMITS)
    assert corner_colours(pixels) == corners
    assert read_header(data, LIMITS).original_hw == pixels.shape[:2]


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_meaningless_orientation_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read_image(saved(quadrants(), "JPEG", exif=exif), LIMITS)
    assert corner_colours(pixels) == ORIENTATIONS[1]


def test_damaged_exif_is_no_traceback() -> None:
    data = saved(quadrants(), "JPEG", exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff")
    with contextlib.suppress(UnreadableImage):
        assert read_image(data, LIMITS).shape == (2 * HEIGHT, 2 * WIDTH, 3)


def test_cmyk_jpeg_becomes_rgb() -> None:
    data = saved(quadrants().convert("CMYK"), "JPEG", quality=95)
    assert corner_colours(read_image(data, LIMITS)) == [RED, GREEN, BLUE, WHITE]


def test_sixteen_bit_grey_png_keeps_its_range() -> None:
    values = np.array([[0, 257, 128 * 257, 65535]], dtype=np.uint16)
    pixels = read_image(saved(Image.fromarray(values), "PNG"), LIMITS)
    assert pixels.tolist() == [[[0] * 3, [1] * 3, [128] * 3, [255] * 3]]


def sixteen_bits(values: NDArray[np.uint16], name: str) -> bytes:
    """RGB or RGBA values `[H, W, C]` in a file."""
    cv2 = pytest.importorskip("cv2")
    swapped = np.concatenate([values[..., 2::-1], values[..., 3:]], axis=-1)  # OpenCV writes BGR
    encoded, data = cv2.imencode(f".{name}", swapped)
    assert encoded
    written: bytes = data.tobytes()
    return written


@pytest.mark.parametrize("name", ["png", "tiff"])
def test_sixteen_bit_colour_is_divided_by_257(name: str) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (40, 50, 3)).astype(np.uint16)
    pixels = read_image(sixteen_bits(values, name), LIMITS)
    np.testing.assert_array_equal(pixels, (values.astype(int) + 128) // 257)


@pytest.mark.parametrize("name", ["png", "tiff"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_few_bits_in_sixteen_of_colour_are_stretched_as_grey_is(name: str, bits: int) -> None:
    ramp = np.linspace(0, 2**bits - 1, 10_000).astype(np.uint16).reshape(100, 100)
    grey = read_image(saved(Image.fromarray(ramp), "PNG"), LIMITS)
    colour = read_image(sixteen_bits(np.stack([ramp] * 3, axis=-1), name), LIMITS)
    np.testing.assert_array_equal(colour, grey)


def test_transparency_of_sixteen_bits_is_not_stretched() -> None:
    ramp = np.linspace(0, 1023, 10_000).astype(np.uint16).reshape(100, 100)
    alpha = np.where(np.arange(100) < 50, 65535, 0).astype(np.uint16)[:, None].repeat(100, axis=1)
    pixels = read_image(sixteen_bits(np.stack([ramp, ramp, ramp, alpha], axis=-1), "png"), LIMITS)
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[49, 99, 0] == pytest.approx(128, abs=1)
    assert (pixels[50:] == 255).all()


def test_transparent_colour_of_sixteen_bits_becomes_white() -> None:
    values = np.full((4, 5, 3), 40_000, np.uint16)
    values[0, 0] = (40_001, 40_000, 40_000)  # like the transparent one in the upper bytes
    data = sixteen_bits(values, "png")
    content = b"tRNS" + (40_000).to_bytes(2, "big") * 3
    trns = (6).to_bytes(4, "big") + content + zlib.crc32(content).to_bytes(4, "big")
    pixels = read_image(data[:33] + trns + data[33:], LIMITS)
    assert pixels[0, 0].tolist() == [156, 156, 156]
    assert (pixels[1:] == 255).all()


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 100, [100, 100, 100]),
        ("1", 1, [255, 255, 255]),
        ("P", 0, [0, 0, 0]),
        ("RGBA", (0, 0, 0, 0), [255, 255, 255]),
        ("RGBA", (0, 100, 200, 255), [0, 100, 200]),
        ("RGBA", (0, 0, 0, 128), [127, 127, 127]),
        ("LA", (0, 0), [255, 255, 255]),
    ],
)
def test_every_png_mode_becomes_rgb_over_white(mode: str, colour: Any, expected: list[int]) -> None:
    pixels = read_image(saved(Image.new(mode, (3, 2), colour), "PNG"), LIMITS)
    assert pixels.shape == (2, 3, 3)
    assert pixels[1, 2].tolist() == expected


def test_transparent_palette_entry_becomes_white() -> None:
    image = Image.new("P", (3, 2), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((1, 1), 1)
    pixels = read_image(saved(image, "PNG", transparency=0), LIMITS)
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[1, 1].tolist() == [255, 0, 0]


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "AVIF", "TIFF"])
def test_animation_is_its_first_frame(name: str) -> None:
    later = [Image.new("RGB", quadrants().size, colour) for colour in ("black", "grey")]
    data = saved(
        quadrants(), name, save_all=True, append_images=later, **({} if name == "TIFF" else {"duration": 100})
    )
    assert corner_colours(read_image(data, LIMITS)) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize(
    ("bits", "stretched"), [(10, True), (12, True), (14, True), (15, False), (16, False)]
)
def test_few_bits_in_sixteen_are_stretched(bits: int, stretched: bool) -> None:
    ramp = np.linspace(0, 2**bits - 1, 10_000).astype(np.uint16).reshape(100, 100)
    pixels = read_image(saved(Image.fromarray(ramp), "PNG"), LIMITS)[..., 0]
    assert int(pixels.max()) == (255 if stretched else (2**bits - 1 + 128) // 257)
    assert int(pixels[50, 0]) == pytest.approx(255 // 2 if stretched else int(ramp[50, 0]) // 257, abs=1)


def test_float_tiff_is_stretched() -> None:
    ramp = np.linspace(-3, 7, 10_000, dtype=np.float32).reshape(100, 100)
    pixels = read_image(saved(Image.fromarray(ramp), "TIFF"), LIMITS)[..., 0]
    assert pixels[0, 0] == 0
    assert pixels[50, 0] == pytest.approx(128, abs=1)
    assert pixels[-1, -1] == 255


METADATA = b"a" * 1_500_000


def segments(marker: int, head: bytes = b"") -> bytes:
    content = head + b"x" * 60_000
    return (bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content) * 25


def with_text(*, wrong_crc: bool) -> bytes:
    """A PNG with 1.5 MB of text in a few kilobytes, and text of a wrong checksum."""
    content = b"Comment\0\0" + zlib.compress(METADATA)
    chunk = b"zTXt" + content
    crc = zlib.crc32(chunk) ^ wrong_crc
    data = saved(quadrants(), "PNG")
    return data[:33] + len(content).to_bytes(4, "big") + chunk + crc.to_bytes(4, "big") + data[33:]


JPEG = saved(quadrants(), "JPEG")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(with_text(wrong_crc=False), id="text in PNG"),
        pytest.param(with_text(wrong_crc=True), id="wrong checksum in PNG"),
        pytest.param(saved(quadrants(), "PNG", icc_profile=METADATA), id="profile in PNG"),
        pytest.param(JPEG[:2] + segments(0xFE) + JPEG[2:], id="comments in JPEG"),
        pytest.param(JPEG[:2] + segments(0xE1, b"Exif\0\0") + JPEG[2:], id="EXIF in JPEG"),
        pytest.param(JPEG[:2] + segments(0xE2, b"ICC_PROFILE\0\1\31") + JPEG[2:], id="profile in JPEG"),
        pytest.param(saved(quadrants(), "WEBP", icc_profile=METADATA, exif=METADATA), id="WebP"),
    ],
)
def test_much_or_broken_metadata_does_not_matter(data: bytes) -> None:
    assert corner_colours(read_image(data, LIMITS)) == [RED, GREEN, BLUE, WHITE]


def test_still_gif_is_read_and_multi_picture_jpeg_is_its_first_picture() -> None:
    second = Image.new("RGB", (8, 8), "black")
    data = saved(quadrants(), "MPO", save_all=True, append_images=[second])
    assert corner_colours(read_image(data, LIMITS)) == [RED, GREEN, BLUE, WHITE]


def test_colour_profile_does_no_harm() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = read_image(saved(quadrants(), "JPEG", icc_profile=profile), LIMITS)
    assert corner_colours(pixels) == [RED, GREEN, BLUE, WHITE]


def test_one_pixel_is_an_image() -> None:
    assert read_image(saved(Image.new("RGB", (1, 1), "red"), "PNG"), LIMITS).tolist() == [[[255, 0, 0]]]


def test_limits_are_inclusive() -> None:
    data = saved(Image.new("RGB", (1024, 1024)), "PNG")
    assert read_header(data, LIMITS).original_hw == (1024, 1024)
    assert read_header(data, ImageLimits(len(data), 2**20)).original_hw == (1024, 1024)
    with pytest.raises(BodyTooLarge):
        read_header(data, ImageLimits(len(data) - 1, 2**20))
    with pytest.raises(ImageTooLarge):
        read_header(data, ImageLimits(len(data), 2**20 - 1))


def test_digest_is_of_the_file() -> None:
    first, second = saved(quadrants(), "PNG"), saved(quadrants(), "PNG", compress_level=1)
    assert read_header(first, LIMITS).digest != read_header(second, LIMITS).digest
    assert read_header(first, LIMITS) == read_header(first, LIMITS)


GOOD = {name: saved(quadrants(), name) for name in ("JPEG", "PNG", "WEBP", "BMP", "GIF")}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused_but_never_crash(data: st.DataObject) -> None:
    damaged = bytearray(GOOD[data.draw(st.sampled_from(sorted(GOOD)))])
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    try:
        pixels = read_image(bytes(damaged[:cut]), LIMITS)
    except ServerError:
        return
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
