"""IoU of the first mask by how a box and a polygon become points, for every rule: one prompt an object.

The box is the tightest; the polygon has at most nine corners, the most that the official training draws. The
set is a folder as for `splitseem evaluate`.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any, get_args

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from timing import write_result

from splitseem_eval.data import DataImage, find_index, read_index, read_rgb
from splitseem_eval.metrics import iou
from splitseem_eval.targets import annotated_targets, tightest_box
from splitseem_model.predictor import Predictor
from splitseem_model.prompt.shapes import BoxRule, PolygonRule, RegionRules
from splitseem_model.step.options import StepOptions
from splitseem_proto import Polygon, PromptItem

MOST_CORNERS = 9
BOXES = [RegionRules(rule, "outline") for rule in get_args(BoxRule)]


def rough_polygon(mask: NDArray[np.bool_]) -> Polygon | None:
    """The largest part of a mask as a person would draw it: its outline, simplified step by step."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(outlines, key=cv2.contourArea)
    for tolerance in np.geomspace(1.0, max(mask.shape), 40):
        corners = cv2.approxPolyDP(largest, tolerance, True)[:, 0]
        if len(corners) <= MOST_CORNERS:
            return (
                Polygon(tuple((x + 0.5, y + 0.5) for x, y in corners.tolist())) if len(corners) > 2 else None
            )
    return None


def prompted(
    records: list[DataImage],
) -> Iterator[tuple[DataImage, NDArray[np.bool_], dict[str, PromptItem]]]:
    """Every object with its prompts by kind; one that has no polygon is left out."""
    for record in records:
        for target in annotated_targets(record):
            polygon = rough_polygon(target.truth)
            if polygon is not None:
                yield record, target.truth, {"box": tightest_box(target.truth), "polygon": polygon}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--limit", type=int, help="only the first N images")
    options = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(options.model)
    own = predictor.decoder.region_rules
    marks = own.box == "corners"
    ways: list[tuple[str, Any]] = [("box", rules) for rules in (BOXES if marks else BOXES[1:])]
    ways += [("polygon", replace(own, polygon=rule)) for rule in get_args(PolygonRule)]
    ious: dict[tuple[str, RegionRules], list[float]] = {way: [] for way in ways}
    for record, truth, prompts in prompted(read_index(find_index(options.data))[: options.limit]):
        image = predictor.encode(read_rgb(record.path))
        for kind, rules in ways:
            by_rule = predictor.with_options(StepOptions(region_rules=rules))
            ious[kind, rules].append(iou(by_rule.mask(image, by_rule.step(image, [prompts[kind]])), truth))
    rows = [
        {
            "set": options.data.name,
            "model": predictor.name,
            "prompt": kind,
            "rule": getattr(rules, kind),
            "iou": round(mean(found), 3),
            "objects": len(found),
        }
        for (kind, rules), found in ious.items()
    ]
    write_result(f"prompt_shapes_{options.data.name}", rows)


if __name__ == "__main__":
    main()
