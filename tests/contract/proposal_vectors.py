"""Grids of clicks and what is left of their answers: this script writes proto/vectors/proposals.json.

Python is held to it in test_proposal_vectors.py, TypeScript in client/test/worker/step/proposals.test.ts.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from splitseem_model.step import coarse_maps, proposals
from splitseem_model.step.answering import Step
from splitseem_model.step.proposals import grid_of, likelihood, propose, side_by_side
from splitseem_proto import Click, ImageGeometry

VECTORS = Path(__file__).parents[2] / "proto" / "vectors" / "proposals.json"
GEOMETRIES = [
    ImageGeometry((60, 90), (10, 5, 80, 40), (48, 96), (64, 96)),
    ImageGeometry((100, 40), (0, 0, 40, 100), (90, 36), (96, 64)),
    ImageGeometry((4, 400), (0, 0, 400, 4), (1, 96), (32, 96)),
]
ANSWERS = 12


SETTINGS = {
    "grid": proposals.GRID,
    "most": proposals.MOST,
    "rough": proposals.ROUGH,
    "same": proposals.SAME,
    "alike_shown": proposals.ALIKE_SHOWN,
    "largest_part": proposals.LARGEST_PART,
    "least_cells": proposals.LEAST_CELLS,
    "longest_side": coarse_maps.LONGEST_SIDE,
}
"""By which page and Python propose the same."""


def vectors() -> list[dict[str, Any]]:
    """One entry a geometry."""
    return [_entry(seed, geometry) for seed, geometry in enumerate(GEOMETRIES)]


def _entry(seed: int, geometry: ImageGeometry) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    size_hw = (geometry.padded_hw[0] // 4, geometry.padded_hw[1] // 4)
    steps = [Step(_boxes(rng, size_hw), float(rng.integers(-8, 40)) / 4, 0) for _ in range(ANSWERS)]
    steps[3] = Step(np.full(size_hw, -1.0, np.float32), 5.0, 0)
    steps[5] = Step(steps[4].mask_logits + np.float32(0.25), steps[4].score + 0.5, 0)
    clicks = [Click(float(k), 0.0) for k in range(ANSWERS)]
    kept = propose(clicks, lambda click: steps[int(click.x)], likelihood, geometry, most=8)
    return {
        "geometry": {"roi_xywh": geometry.roi_xywh, "input_hw": geometry.input_hw},
        "grid": [[round(click.x, 6), round(click.y, 6)] for click in grid_of(geometry)],
        "size_hw": size_hw,
        "answers": [{"logits": _plain(step.mask_logits), "score": step.score} for step in steps],
        "likelihoods": [round(likelihood(step), 6) for step in steps],
        "kept": [int(one.click.x) for one in kept],
        "side_by_side": [int(one.click.x) for one in side_by_side(kept, geometry)],
    }


def _boxes(rng: np.random.Generator, size_hw: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A box of certain logits in doubtful ones, both multiples of 1/4."""
    logits = rng.integers(-12, 2, size_hw) / 4
    top, left = (int(rng.integers(0, max(1, side - 3))) for side in size_hw)
    logits[top : top + int(rng.integers(2, 9)), left : left + int(rng.integers(2, 9))] = 3.0
    return logits.astype(np.float32)


def _plain(values: np.ndarray[Any, np.dtype[np.float32]]) -> list[float]:
    return [float(value) for value in values.flatten()]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in vectors())
    settings = json.dumps(SETTINGS)
    VECTORS.write_text(f'{{"settings": {settings},\n"cases": [\n{lines}\n]}}\n', encoding="utf-8")
