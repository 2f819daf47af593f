"""`step` answers several interactions with one image at once as it answers each alone."""

import numpy as np
import pytest

from splitseem_export.graphs import trace_graphs
from splitseem_export.io_spec import Axis
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.step.graph_runtime import Arrays, run, session

BATCH = 4
SIZES: dict[str, int] = {"batch": BATCH, "points": 2, "h4": 16, "w4": 24}
LEVELS = {f"n{i}": 6 * 4**i for i in range(3)}


def length(axis: Axis) -> int:
    if isinstance(axis, int):
        return axis
    return sum(int(part) if part.isdigit() else (SIZES | LEVELS)[part] for part in axis.split("+"))


@pytest.mark.parametrize("model", ["tiny", "nano"])
def test_several_interactions_at_once_are_answered_as_each_alone(model: str) -> None:
    graphs = trace_graphs(load_model(model).decoder)
    rng = np.random.default_rng(0)
    feeds: Arrays = {
        spec.name: rng.normal(size=[length(axis) for axis in spec.shape]).astype(np.float32)
        for spec in graphs.step_spec.inputs
    }
    feeds["point_labels"] = rng.integers(-1, 4, feeds["point_labels"].shape).astype(np.float32)
    own = [spec.name for spec in graphs.step_spec.inputs if spec.shape[0] == "batch"]
    assert len(own) == 7
    step = session(graphs.step)
    together = run(step, feeds)
    for k in range(BATCH):
        alone = run(step, feeds | {name: feeds[name][k : k + 1] for name in own})
        for name, array in alone.items():
            np.testing.assert_allclose(together[name][k : k + 1], array, atol=2e-4, err_msg=name)
