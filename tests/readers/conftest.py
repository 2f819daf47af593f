"""Other programs read what the page exports; `make readers` runs these in an environment of their own."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.contract.conftest import folder, photos

from splitseem_proto import CocoRle, decode_rle

__all__ = ["folder", "photos"]

Mask = NDArray[np.bool_]
Photo = dict[str, Any]

# In the main environment there is none of them.
collect_ignore_glob = [] if find_spec("datumaro") else ["test_*"]

# They keep files in the user's home, and install what they miss, unless they are told.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["YOLO_AUTOINSTALL"] = "false"


@pytest.fixture(scope="package")
def large(folder: Path) -> Photo:
    """One photo of 640 x 480 pixels with large masks."""
    import json

    (photo,) = json.loads((folder / "truth.json").read_text("utf-8"))["large"]
    for item in photo["objects"]:
        item["mask"] = decode_rle(CocoRle(tuple(photo["size_hw"]), tuple(item["counts"])))
    return dict(photo)
