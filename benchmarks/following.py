"""How well rules follow an object, on videos that are made of photos.

Objects of the photos of a training set (SET.jsonl.gz) that were held out move, turn, grow and bend, every
second one in front of another photo. Each is clicked on once, where it is deepest in the first frame. Printed
are the IoU in the first frame, its mean over the others, and that in the last.

python -m benchmarks.following SET ... [--speed 0.08]
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from splitseem_eval.data import DataImage, find_index, is_validation, read_index, read_rgb
from splitseem_eval.metrics import iou
from splitseem_eval.propagation import MODES, deepest_click, propagate
from splitseem_eval.targets import annotated_targets
from splitseem_model.predictor import Predictor

Frame = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]

FRAMES = 8
SHARES = (0.01, 0.4)
"""Of a photo, that an object may cover."""


@dataclass(frozen=True)
class Motion:
    """What happens from one frame to the next; the shift in shares of the photo's longer side."""

    shift_xy: tuple[float, float]
    turn: float = 0.0
    growth: float = 1.0
    bend: float = 0.0

    @classmethod
    def drawn(cls, rng: np.random.Generator, speed: float) -> "Motion":
        """At most this fast."""
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0, speed)
        shift = (length * float(np.cos(angle)), length * float(np.sin(angle)))
        return cls(shift, rng.uniform(-0.08, 0.08), 1 + rng.uniform(-0.06, 0.06), rng.uniform(0, 0.05))


def moved(frame: Frame, mask: Mask, motion: Motion, number: int) -> tuple[Frame, Floats]:
    """A photo and how much of each pixel is in its object, float32 `[H, W]`, in a frame of the video."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    centre = np.array([columns.mean(), rows.mean()])
    extent = float(np.hypot(np.ptp(columns), np.ptp(rows))) + 1
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    to = centre + np.array(motion.shift_xy) * max(height, width) * number
    cos, sin = np.cos(motion.turn * number), np.sin(motion.turn * number)
    scale = motion.growth**number
    u = (cos * (x - to[0]) + sin * (y - to[1])) / scale
    v = (cos * (y - to[1]) - sin * (x - to[0])) / scale
    sway = motion.bend * extent * np.sin(0.9 * number)
    u, v = u + sway * np.sin(4 * v / extent), v + sway * np.sin(3 * u / extent)
    place_x, place_y = (u + centre[0]).astype(np.float32), (v + centre[1]).astype(np.float32)
    pixels = cv2.remap(frame, place_x, place_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    shown = cv2.remap(mask.astype(np.float32), place_x, place_y, cv2.INTER_LINEAR)
    return pixels.astype(np.uint8), shown.astype(np.float32)


def video(
    frame: Frame, mask: Mask, behind: Frame | None, rng: np.random.Generator, speed: float
) -> Iterator[tuple[Frame, Mask]]:
    """Frames with the true mask; without another photo behind it the whole photo moves with its object."""
    motion, camera = Motion.drawn(rng, speed), Motion(Motion.drawn(rng, speed / 2).shift_xy)
    for number in range(FRAMES):
        pixels, shown = moved(frame, mask, motion, number)
        if behind is not None:
            scene, _ = moved(behind, mask, camera, number)
            share = cv2.GaussianBlur(shown, (3, 3), 0)[..., None]
            pixels = (share * pixels + (1 - share) * scene).astype(np.uint8)
        if not (shown > 0.5).any():
            return
        yield pixels, shown > 0.5


def chosen(place: Path, most: int, rng: np.random.Generator) -> Iterator[tuple[DataImage, Mask]]:
    """One object each of photos that were held out."""
    records = [record for record in read_index(find_index(place)) if is_validation(record)]
    for index in rng.permutation(len(records)):
        masks = [one.truth for one in annotated_targets(records[index]) if one.ignore is None]
        fit = [mask for mask in masks if SHARES[0] < mask.mean() < SHARES[1]]
        if fit and most > 0:
            most -= 1
            yield records[index], fit[int(rng.integers(len(fit)))]


@click.command(help=__doc__)
@click.argument("sets", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--most", default=5, show_default=True, help="Objects of a set.")
@click.option("--speed", default=0.05, show_default=True, help="Of the longer side, most a frame.")
@click.option("--seed", default=0, show_default=True)
def main(sets: tuple[Path, ...], most: int, speed: float, seed: int) -> None:
    rng, predictor = np.random.default_rng(seed), Predictor.load("nano")
    objects = [one for place in sets for one in chosen(place, most, rng)]
    modes = [mode for mode in MODES if mode != "example"]
    rows: dict[str, list[tuple[float, float, float]]] = {mode: [] for mode in modes}
    for number, (record, mask) in enumerate(objects):
        frame = read_rgb(record.path)
        other = read_rgb(objects[(number + 7) % len(objects)][0].path)
        behind = cv2.resize(other, frame.shape[1::-1]).astype(np.uint8) if number % 2 else None
        frames = list(video(frame, mask, behind, rng, speed))
        first = deepest_click(frames[0][1])
        assert first is not None, "an object covers some of its photo"
        for mode in modes:
            masks = propagate(predictor, [pixels for pixels, _ in frames], [[first]], mode)
            ious = [iou(found, truth) for found, (_, truth) in zip(masks, frames, strict=True)]
            rows[mode].append((ious[0], float(np.mean(ious[1:])), ious[-1]))
    for mode, found in rows.items():
        first_iou, rest, last = np.mean(found, axis=0)
        print(f"{mode:<8}{len(found):4} objects  {first_iou:.3f}  {rest:.3f}  {last:.3f}")


if __name__ == "__main__":
    main()
