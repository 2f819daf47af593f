"""Screenshots of the page -> small WebP for the docs: `screens.py PICTURES OUT`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

QUALITY = 62
MOST_BYTES = 60_000


def main(pictures: Path, out: Path) -> None:
    """Write every PNG of a folder as WebP to another one.

    Raises:
        ValueError: one is larger than a page of the docs should load.
    """
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(pictures.glob("*.png")):
        target = out / f"{path.stem}.webp"
        with Image.open(path) as picture:
            picture.convert("RGB").save(target, quality=QUALITY, method=6)
        size = target.stat().st_size
        if size > MOST_BYTES:
            raise ValueError(f"{target.name} has {size} bytes, at most {MOST_BYTES} are wanted")
        print(f"{target}: {size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
