"""Floating-point operations of a decoder graph, and where its time goes, from one profiled run.

Counted are the products: a multiplication with its addition is two operations. ONNX Runtime's profile names
the shapes that every operator really had, so nothing has to be inferred.

`flop_formulas` gives, for every graph of a model, FLOP = constant + per_cell * cells, where cells = H/4 * W/4
of the padded image: `python benchmarks/graph_flops.py` prints it as JSON.
"""

import argparse
import json
import math
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from splitseem_export.graphs import trace_graphs
from splitseem_export.lateral_graphs import lateral_pyramid, trace_lateral
from splitseem_export.refiner_graphs import random_case, trace_refiner
from splitseem_export.sessions import GraphPair, arrays_of
from splitseem_export.verify import VerificationCase, random_features, random_inputs
from splitseem_model.checkpoints.golden_weights import fill_with_golden_weights
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.network import SegmentationModel
from splitseem_model.step.graph_runtime import named_inputs

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class GraphCase:
    """A graph as bytes, and what one run is fed."""

    graph: bytes
    feed: Arrays


@dataclass(frozen=True)
class Profile:
    """Of one run: FLOP and milliseconds by operator type."""

    flop: int
    milliseconds: dict[str, float]


def model_for_benchmark(name: str) -> SegmentationModel:
    """The named model, or that of a file; an official preset gets pseudo-random weights, which cost what real
    ones cost."""
    from splitseem_model.config import preset

    if name in ("nano", "tiny") or Path(name).is_file():
        return load_model(name)
    model = SegmentationModel(preset(name)).eval()
    fill_with_golden_weights(model.decoder, prefix="decoder.")
    fill_with_golden_weights(model.pixel_decoder, prefix="pixel_decoder.")
    return model


@torch.inference_mode()
def graph_cases(
    model: SegmentationModel, canvas: int, labels: tuple[int, ...] = (1,), *, memory: bool = True
) -> dict[str, GraphCase]:
    """The graphs of a click on a square image, with inputs of the right sizes.

    Args:
        canvas: side of the image, pixels, a multiple of 32.
        labels: of the points; memory: whether there is a previous mask.
    """
    cells = (canvas // 32, canvas // 32)
    graphs = trace_graphs(model.decoder)
    levels, mask_features = random_features(model.decoder, cells, 0)
    case = VerificationCase("benchmark", cells, labels, memory=memory)
    inputs, _ = random_inputs(model.decoder, case, levels, mask_features, 0)
    maps = {f"level{i}": level.numpy() for i, level in enumerate(levels)}
    prepare = maps | {"mask_features": mask_features.numpy()}
    prepared = GraphPair.of_graphs(graphs).prepare(levels, mask_features)
    step = prepared | named_inputs(arrays_of(inputs))
    cases = {"prepare": GraphCase(graphs.prepare, prepare), "step": GraphCase(graphs.step, step)}
    return cases | (_refiner_cases(model, cells, labels) if model.refiner is not None else {})


def _refiner_cases(
    model: SegmentationModel, cells: tuple[int, int], labels: tuple[int, ...]
) -> dict[str, GraphCase]:
    assert model.refiner is not None
    graphs = trace_refiner(model.refiner)
    maps, inputs = random_case(model.refiner, cells, labels, 0)
    features = model.refiner.prepare(*maps)
    look = dict(zip((t.name for t in graphs.look_spec.inputs), maps, strict=True))
    refine = dict(zip((t.name for t in graphs.refine_spec.inputs), (*features, *inputs), strict=True))
    return {
        name: GraphCase(graph, {key: tensor.numpy() for key, tensor in feed.items()})
        for name, graph, feed in (("look", graphs.look, look), ("refine", graphs.refine, refine))
    }


def lateral_cases(model: SegmentationModel, canvas: int) -> dict[str, GraphCase]:
    """The graphs that make some channels of the mask features of a lateral map; none for other models."""
    fpn = lateral_pyramid(model)
    if fpn is None:
        return {}
    sizes = {"h4": canvas // 4, "w4": canvas // 4, "h2": canvas // 8, "w2": canvas // 8}
    generator = np.random.default_rng(0)
    return {
        name: GraphCase(
            graph,
            {
                tensor.name: generator.random(
                    [sizes[n] if isinstance(n, str) else n for n in tensor.shape], np.float32
                )
                for tensor in spec.inputs
            },
        )
        for name, (graph, spec) in trace_lateral(fpn).items()
    }


def profile(case: GraphCase, runs: int = 3) -> Profile:
    """Run a graph on one thread and read ONNX Runtime's profile; milliseconds are means over the runs but
    the first. Optimised as in the browser: without layouts of this processor, which pad channels."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(case.graph, options, providers=["CPUExecutionProvider"])
        feed = fed(session, case.feed)
        for _ in range(runs + 1):
            session.run(None, feed)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    kernels = [event for event in events if event.get("name", "").endswith("_kernel_time")]
    kernels = kernels[len(kernels) // (runs + 1) :]
    spent: Counter[str] = Counter()
    for event in kernels:
        spent[event["args"]["op_name"]] += event["dur"] / 1e3 / runs
    return Profile(sum(_flop(event["args"]) for event in kernels) // runs, dict(spent.most_common()))


def fed(session: onnxruntime.InferenceSession, feed: Arrays) -> Arrays:
    """What the graph reads of it."""
    return {node.name: feed[node.name] for node in session.get_inputs()}


def _flop(args: dict[str, Any]) -> int:
    name = args["op_name"]
    if not name.endswith(
        ("MatMul", "Gemm", "Conv", "ConvTranspose", "MatMulInteger", "DynamicQuantizeMatMul")
    ):
        return 0
    inputs = [_shape(shape) for shape in args["input_type_shape"]]  # without constants of products
    output = _shape(args["output_type_shape"][0])
    if name == "ConvTranspose":
        return 2 * math.prod(inputs[0]) * math.prod(inputs[1][1:])
    if name.endswith("Conv"):
        return 2 * math.prod(output) * math.prod(inputs[1][1:])
    # The inner length, whichever way round the first factor lies; a factor that serves several is not spread.
    shared = len(output) - len(inputs[0]) if len(output) > len(inputs[0]) else 0
    batch = math.prod(output[:shared]) * math.prod(
        out for out, own in zip(output[shared:-2], inputs[0][:-2], strict=True) if own == 1
    )
    return 2 * math.prod(inputs[0]) * batch * output[-1]


def _shape(described: dict[str, list[int]]) -> list[int]:
    return next(iter(described.values()))


def flop_formulas(
    model: SegmentationModel, canvases: tuple[int, int] = (256, 512)
) -> dict[str, dict[str, float]]:
    """Graph -> `constant` and `per_cell`, for one click with a previous mask."""
    cells = [(canvas // 4) ** 2 for canvas in canvases]
    counts = [
        {name: profile(case, runs=1).flop for name, case in graph_cases(model, canvas).items()}
        for canvas in canvases
    ]
    formulas = {}
    for name in counts[0]:
        slope = (counts[1][name] - counts[0][name]) / (cells[1] - cells[0])
        formulas[name] = {"constant": counts[0][name] - slope * cells[0], "per_cell": slope}
    return formulas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="nano")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(json.dumps(flop_formulas(model_for_benchmark(options.model)), indent=2))


if __name__ == "__main__":
    main()
