"""A mask as run lengths."""

from __future__ import annotations

from dataclasses import dataclass

from splitseem_proto.errors import RleError
from splitseem_proto.limits import MAX_MASK_PIXELS


@dataclass(frozen=True)
class CocoRle:
    """A mask as COCO run lengths: column-major, background first.

    Args:
        size: height and width, pixels.
        counts: lengths of the runs, background and foreground in turn; they add up to height times width.
            Only the first may be 0, so that equal masks have equal counts.
    Raises:
        RleError: any of this does not hold.
    """

    size: tuple[int, int]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        height, width = self.size
        if height < 1 or width < 1 or height * width > MAX_MASK_PIXELS:
            raise RleError(
                f"size {list(self.size)} must be positive and at most {MAX_MASK_PIXELS} pixels in all"
            )
        if any(count < 1 for count in self.counts[1:]) or any(count < 0 for count in self.counts[:1]):
            raise RleError("counts must be positive; only the first may be 0")
        if sum(self.counts) != height * width:
            raise RleError(f"counts add up to {sum(self.counts)}, the mask has {height * width} pixels")
