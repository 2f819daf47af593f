"""What it gives to embed the part of a large photo around a small object, and not all of it.

python -m benchmarks.small_objects --model nano
"""

from collections.abc import Iterator

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from splitseem_eval.clicker import PROTOCOLS, Clicker
from splitseem_eval.metrics import iou
from splitseem_model.predictor import Predictor
from splitseem_model.step.replay import replay
from splitseem_proto import Click

_SIZE_HW = (4000, 6000)
_DIAMETERS = (40, 60, 80, 100, 120)
_EACH = 3
"""Objects of every diameter."""
_CLICKS = (1, 3)
_PARTS = (None, 3000, 1500, 750, 375)
"""Pixels along the part that is embedded; None: all of the photo."""
_WINDOW = 1200
"""Pixels along the square around an object in which the user looks for what is wrong."""

Photo = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def ground(dice: np.random.Generator) -> NDArray[np.float32]:
    """Spots of all sizes, as on soil or grass, `[H, W, 3]`, 0 to 255."""
    height, width = _SIZE_HW
    image = np.zeros((height, width, 3), np.float32)
    for cell, strength in ((900, 30), (240, 22), (60, 16), (15, 12), (4, 9)):
        noise = dice.normal(0, 1, (height // cell + 2, width // cell + 2, 3)).astype(np.float32)
        noise = 0.7 * noise.mean(2, keepdims=True) + 0.3 * noise
        for channel in range(3):
            enlarged = Image.fromarray(noise[..., channel]).resize((width, height), Image.Resampling.BICUBIC)
            image[..., channel] += strength * np.asarray(enlarged)
    return image + np.array([118, 122, 96], np.float32)


def blob(diameter: int, dice: np.random.Generator) -> Mask:
    """An object of uneven outline, `[diameter + 2, diameter + 2]`."""
    side = diameter + 2
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    turn = np.arctan2(rows, columns)
    radius = np.full_like(turn, diameter / 2 * 0.8)
    for waves in (2, 3, 5):
        radius *= 1 + dice.uniform(0.05, 0.16) / waves * 2 * np.cos(waves * turn + dice.uniform(0, 6.3))
    inside: Mask = np.hypot(rows, columns) < np.minimum(radius, diameter / 2)
    return inside


def drawn(image: NDArray[np.float32], part: Mask, left: int, top: int, dice: np.random.Generator) -> None:
    """Draw an object of two shades, whose colour is not far from that of the ground."""
    where = (slice(top, top + len(part)), slice(left, left + len(part)))
    colour = image[where][part].mean(0) + dice.choice([-1, 1], 3) * dice.uniform(14, 40, 3)
    slope = np.linspace(-1, 1, len(part))
    lit = np.sign(np.add.outer(slope, dice.uniform(-1, 1) * slope))[..., None]
    shaded = colour + dice.uniform(4, 14) * lit + dice.normal(0, 9, (*part.shape, 1))
    image[where][part] = shaded[part]


def rendered(seed: int) -> tuple[Photo, list[tuple[int, Mask]]]:
    """A photo with objects on a grid, each with another beside it; each with its diameter."""
    dice = np.random.default_rng(seed)
    image = ground(dice)
    height, width = _SIZE_HW
    found: list[tuple[int, Mask]] = []
    for column, diameter in enumerate(_DIAMETERS):
        for row in range(_EACH):
            left = int((column + dice.uniform(0.3, 0.7)) * width / len(_DIAMETERS))
            top = int((row + dice.uniform(0.3, 0.7)) * height / _EACH)
            drawn(image, blob(diameter, dice), left + int(1.2 * diameter), top, dice)
            part = blob(diameter, dice)
            drawn(image, part, left, top, dice)
            mask = np.zeros(_SIZE_HW, np.bool_)
            mask[top : top + len(part), left : left + len(part)] = part
            found.append((diameter, mask))
    return np.clip(image, 0, 255).astype(np.uint8), found


def part_around(mask: Mask, side: int | None) -> tuple[int, int, int, int] | None:
    """A part of the photo that is `side` wide and two thirds as high, with the object in its middle."""
    return None if side is None else around(mask, side, 2 * side // 3)


def window_around(mask: Mask) -> tuple[int, int, int, int]:
    """What of the photo the user looks at."""
    return around(mask, _WINDOW, _WINDOW)


def around(mask: Mask, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, width and height of a part of the photo, with an object as near to its middle as can be."""
    rows, columns = np.nonzero(mask)
    top = int(np.clip(rows.mean() - height / 2, 0, _SIZE_HW[0] - height))
    left = int(np.clip(columns.mean() - width / 2, 0, _SIZE_HW[1] - width))
    return left, top, width, height


def scores(predictor: Predictor, photo: Photo, truth: Mask, side: int | None) -> Iterator[float]:
    """IoU after each click of a user who clicks where the mask is most wrong."""
    image = predictor.encode(photo, roi_xywh=part_around(truth, side))
    left, top, width, height = window_around(truth)
    window = (slice(top, top + height), slice(left, left + width))
    clicker = Clicker(truth[window], PROTOCOLS["ritm"])
    masks: list[Mask] = [np.zeros_like(truth)]

    def clicks() -> Iterator[tuple[Click, ...]]:
        for _ in range(max(_CLICKS)):
            found = clicker.next_clicks(masks[-1][window])
            yield tuple(Click(one.x + left, one.y + top, one.label) for one in found)

    for step in replay(predictor.step, image, clicks()):
        masks.append(predictor.mask(image, step))
        yield iou(masks[-1], truth)


@click.command()
@click.option("--model", default="nano", show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(model: str, seed: int) -> None:
    """Print the mean IoU after 1 and after 3 clicks, by the size of the object and of what is embedded."""
    predictor = Predictor.load(model)
    photo, objects = rendered(seed)
    click.echo(f"photo of {_SIZE_HW[1]} x {_SIZE_HW[0]}; mean IoU of {_EACH} objects after {_CLICKS} clicks")
    click.echo("embedded" + "".join(f"{f'{diameter} pixels':>16}" for diameter in _DIAMETERS))
    for side in _PARTS:
        found: dict[int, list[list[float]]] = {diameter: [] for diameter in _DIAMETERS}
        for diameter, truth in objects:
            by_click = list(scores(predictor, photo, truth, side))
            found[diameter].append([by_click[count - 1] for count in _CLICKS])
        means = [np.mean(values, 0) for values in found.values()]
        cells = "".join(f"{'  '.join(f'{value:.3f}' for value in mean):>16}" for mean in means)
        click.echo(f"{'all' if side is None else side:>8}{cells}")


if __name__ == "__main__":
    main()
