"""How much better the best of several answers to a click is than the first.

Every object is clicked on once, where it is deepest. Of a file of a training set (SET.jsonl.gz) only the
photos count that were held out; of a folder of an evaluation set all. `--shifts` tries other memories than
those that are used: what a mask is moved by before the decoder is asked again, in logits.

python -m benchmarks.alternatives SET ... [--shifts=-6,-4,-2,2,4]
"""

from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path

import click
import numpy as np

from splitseem_eval.clicker import PROTOCOLS, Clicker
from splitseem_eval.data import DataImage, find_index, is_validation, read_index, read_rgb
from splitseem_eval.metrics import iou
from splitseem_eval.targets import Target, annotated_targets
from splitseem_eval.variants import without_parts
from splitseem_model.predictor import Predictor, PreparedImage
from splitseem_model.step.alternatives import shifted
from splitseem_model.step.answering import Step
from splitseem_proto import Click

OBJECTS_PER_PHOTO = 2
FIRST, BEST, COUNT, NEXT, NEXT_BEST = "first", "best", "answers", "click 2", "click 2, best"
COLUMNS = (FIRST, "smaller", "larger", BEST, COUNT, NEXT, NEXT_BEST)
Figures = dict[str, float]


def records_of(place: Path) -> list[DataImage]:
    """Those photos of a set that may be measured."""
    records = read_index(find_index(place))
    return [one for one in records if is_validation(one)] if place.is_file() else records


def clicked(place: Path, most: int) -> Iterator[tuple[DataImage, list[Target]]]:
    """Photos with objects, at most this many objects in all, some of each photo."""
    for record in records_of(place):
        targets = list(islice(annotated_targets(record), min(most, OBJECTS_PER_PHOTO)))
        most -= len(targets)
        if targets:
            yield record, targets
        if most <= 0:
            return


class Measured:
    """Answers of a predictor, held against a target."""

    def __init__(self, predictor: Predictor, image: PreparedImage, target: Target) -> None:
        self._predictor, self._image, self._target = predictor, image, target
        self._clicker = Clicker(target.truth, PROTOCOLS["ritm"], target.ignore)
        (self._click,) = self._clicker.next_clicks(np.zeros_like(target.truth))

    def figures(self) -> Figures:
        """Of what the decoder offers: each extent, the best, how many, and the click after the first and the
        best."""
        answers = self._predictor.alternatives(self._image, [self._click])
        ious = {one.extent or FIRST: self._iou(one) for one in answers}
        best = max(answers, key=self._iou)
        return {
            **ious,
            BEST: max(ious.values()),
            COUNT: float(len(answers)),
            NEXT: self._next(answers[0]),
            NEXT_BEST: self._next(best),
        }

    def shifts(self, shifts: tuple[float, ...]) -> Figures:
        """IoU by what the memory was moved by: the answer of one pass."""
        first = without_parts(self._predictor, ["again"]).step(self._image, [self._click])
        return {
            f"{shift:+g}": self._iou(self._predictor.step(self._image, [self._click], shifted(first, shift)))
            for shift in shifts
        }

    def _iou(self, step: Step) -> float:
        return iou(self._predictor.mask(self._image, step), self._target.truth, self._target.ignore)

    def _next(self, step: Step) -> float:
        clicker = Clicker(self._target.truth, PROTOCOLS["ritm"], self._target.ignore)
        clicker.next_clicks(np.zeros_like(self._target.truth))
        clicks = clicker.next_clicks(self._predictor.mask(self._image, step))
        meant = Click(self._click.x, self._click.y, 1, step.extent)
        return self._iou(self._predictor.step(self._image, [meant, *clicks], step.memory)) if clicks else 1.0


def report(name: str, rows: list[Figures]) -> None:
    """A line of means; where an extent was no answer of its own, the first stands for it."""
    means = [float(np.mean([row.get(key, row[FIRST]) for row in rows])) for key in COLUMNS]
    figures = "".join(f"{mean:>{max(len(key), 5) + 3}.3f}" for key, mean in zip(COLUMNS, means, strict=True))
    print(f"{name:<18}{len(rows):7}{figures}", flush=True)


def report_shifts(rows: list[Figures]) -> None:
    """Means by shift, and the best of the first answer and one or two shifts."""
    shifts = [key for key in rows[0] if key[0] in "+-"]
    for key in shifts:
        print(f"{key:>5}: {np.mean([row[key] for row in rows]):.3f}", end="  ")
    print()
    for count in (1, 2):
        oracles = {
            chosen: float(np.mean([max(row[FIRST], *(row[key] for key in chosen)) for row in rows]))
            for chosen in combinations(shifts, count)
        }
        for chosen in sorted(oracles, key=lambda one: -oracles[one])[:4]:
            print(f"best of first and {' and '.join(chosen)}: {oracles[chosen]:.3f}")


def _numbers(_: click.Context, __: click.Parameter, value: str) -> tuple[float, ...]:
    return tuple(float(part) for part in value.split(",") if part)


@click.command(help=__doc__)
@click.argument("sets", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--model", default="nano", show_default=True)
@click.option("--most", default=200, show_default=True, help="Objects of a set.")
@click.option("--shifts", default="", callback=_numbers, help="Other shifts to try, logits.")
def main(sets: tuple[Path, ...], model: str, most: int, shifts: tuple[float, ...]) -> None:
    predictor = Predictor.load(model)
    print(f"{'set':<18}objects" + "".join(f"{key:>{max(len(key), 5) + 3}}" for key in COLUMNS))
    everything: list[Figures] = []
    for place in sets:
        rows: list[Figures] = []
        for record, targets in clicked(place, most):
            image = predictor.encode(read_rgb(record.path))
            for target in targets:
                measured = Measured(predictor, image, target)
                rows.append(measured.figures() | measured.shifts(shifts))
        report(place.name.removesuffix(".jsonl.gz"), rows)
        everything += rows
    if len(sets) > 1:
        report("all", everything)
    if shifts:
        report_shifts(everything)


if __name__ == "__main__":
    main()
