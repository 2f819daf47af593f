"""Files and how they are to be turned: this script writes proto/vectors/image_marks.json.

Python is held to it in test_image_mark_vectors.py, TypeScript in client/test/shared/image/imageMarks.test.ts.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from marked_photos import photos  # type: ignore[import-not-found]  # beside this script

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "image_marks.json"
MARKED_BY_EXIF = (".jpeg", ".png", ".webp")


def vectors() -> list[dict[str, Any]]:
    """Every photo of the containers that are marked by EXIF."""
    return [
        {
            "name": photo.name,
            "file": base64.b64encode(photo.data).decode(),
            "orientation": photo.orientation,
        }
        for photo in photos()
        if photo.name.endswith(MARKED_BY_EXIF)
    ]


if __name__ == "__main__":
    lines = ",\n".join("  " + json.dumps(case) for case in vectors())
    VECTORS.write_text(f'{{\n "cases": [\n{lines}\n ]\n}}\n', encoding="utf-8")
