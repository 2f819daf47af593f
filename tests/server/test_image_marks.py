"""However a file says that it is turned, its pixels come out as the rule says."""

from __future__ import annotations

import pytest
from tests.contract.marked_photos import BLOCK, MarkedPhoto, photos

from splitseem_server.images.read import ImageLimits, read_header, read_image

pytestmark = pytest.mark.unit

LIMITS = ImageLimits(max_bytes=2**24, max_pixels=2**20)


@pytest.mark.parametrize("photo", list(photos()), ids=lambda photo: photo.name)
def test_marked_photo_is_read_as_the_rule_says(photo: MarkedPhoto) -> None:
    pixels = read_image(photo.data, LIMITS)
    blocks = pixels[BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK].astype(int)
    assert blocks.shape == photo.colours.shape
    # JPEG, AVIF and the palette of GIF round colours; blocks differ by more than 90 in some channel.
    assert abs(blocks - photo.colours).max() <= 12
    assert read_header(photo.data, LIMITS).original_hw == pixels.shape[:2]
