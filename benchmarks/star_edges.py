"""How far the edge of a mask is from the truth on large photos: a black star on a plain ground.

python -m benchmarks.star_edges --model nano 375 1500 6000
"""

from collections.abc import Iterator

import click
import numpy as np
from numpy.typing import NDArray

from splitseem_model.predictor import Predictor
from splitseem_model.step.replay import replay
from splitseem_proto import Click

_POINTS = 5
_OUTER, _INNER = 0.4, 0.18
"""Radii of the star, in sides of the photo."""
_GROUND, _STAR = (205, 215, 190), (20, 20, 20)
_CLICKS = ((0.5, 0.5), (0.1, 0.1), (0.5, 0.2), (0.9, 0.9), (0.4, 0.6), (0.1, 0.85), (0.6, 0.6), (0.88, 0.12))
"""In sides of the photo; each lies well inside or outside."""


def corners(side: int) -> NDArray[np.float64]:
    """Of the star on a square photo, `[10, 2]`, (x, y), image frame."""
    turns = np.arange(2 * _POINTS) * np.pi / _POINTS - np.pi / 2
    radii = np.where(np.arange(2 * _POINTS) % 2 == 0, _OUTER, _INNER) * side
    return np.stack([side / 2 + radii * np.cos(turns), side / 2 + radii * np.sin(turns)], 1)


def star(side: int) -> NDArray[np.bool_]:
    """Pixels whose centre lies in the star, `[side, side]`."""
    inside = np.zeros((side, side), np.bool_)
    outline = corners(side)
    x = np.arange(side) + 0.5
    for row in range(side):
        y = row + 0.5
        for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, 0), strict=True):
            if (y0 <= y) != (y1 <= y):
                inside[row] ^= x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return inside


def mean_distance(mask: NDArray[np.bool_]) -> float:
    """Mean distance of the mask's edge from the outline of the star, pixels."""
    edges = []
    for axis in (0, 1):
        rows, columns = np.nonzero(np.diff(mask, axis=axis))
        shift = (1.0, 0.5) if axis == 0 else (0.5, 1.0)
        edges.append(np.stack([columns + shift[1], rows + shift[0]], 1))
    places, outline = np.concatenate(edges), corners(mask.shape[0])
    nearest = np.full(len(places), np.inf)
    for begin, end in zip(outline, np.roll(outline, -1, 0), strict=True):
        along = end - begin
        part = np.clip((places - begin) @ along / (along @ along), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(places - begin - part[:, None] * along, axis=1))
    return float(nearest.mean()) if len(nearest) else float("inf")


def distances(predictor: Predictor, side: int) -> Iterator[float]:
    """After each of eight correct clicks."""
    truth = star(side)
    photo = np.where(truth[..., None], _STAR, _GROUND).astype(np.uint8)
    image = predictor.encode(photo)
    clicks = [Click(x * side, y * side, label=int(truth[int(y * side), int(x * side)])) for x, y in _CLICKS]
    for step in replay(predictor.step, image, [(one,) for one in clicks]):
        yield mean_distance(predictor.mask(image, step))


@click.command()
@click.argument("sides", type=int, nargs=-1)
@click.option("--model", default="nano", show_default=True)
def main(sides: tuple[int, ...], model: str) -> None:
    """Print the mean distance of the mask's edge from the truth after 1 and after 8 clicks."""
    predictor = Predictor.load(model)
    click.echo("side, pixels   after 1   worst   after 8   (mean distance, pixels)")
    for side in sides or (375, 1500, 6000):
        found = list(distances(predictor, side))
        click.echo(f"{side:12d} {found[0]:9.2f} {max(found):7.2f} {found[-1]:9.2f}")


if __name__ == "__main__":
    main()
