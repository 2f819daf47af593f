"""`prepare` in pieces: smaller graphs that together give its outputs, so that a click need not wait for all.

They are cut out of the graph itself. A piece is everything of a level; at the finest level, which has three
quarters of all cells, the keys or the values of one layer.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx.utils import Extractor

from splitseem_export.errors import ParityError
from splitseem_export.io_spec import LEVELS, GraphSpec
from splitseem_export.precision import folded
from splitseem_model.step.graph_runtime import Arrays, run, session

Piece = tuple[bytes, GraphSpec]

_TOLERANCE = 1e-5


def prepare_pieces(prepare: bytes, spec: GraphSpec, num_layers: int) -> list[Piece]:
    """Cut `prepare` up, coarse levels first: each piece a graph with its inputs and outputs."""
    extractor = Extractor(onnx.load_from_string(folded(prepare)))
    return [_piece(extractor, spec, names) for names in output_groups(num_layers)]


def output_groups(num_layers: int) -> list[list[str]]:
    """The outputs of each piece."""
    groups = []
    for level in LEVELS:
        first = [f"level_mask_features{level}", *(["query_state"] if level == 0 else [])]
        layers = [[f"key{i}", f"value{i}"] for i in range(level, num_layers, len(LEVELS))]
        if level < LEVELS[-1]:
            groups.append([*first, *(name for names in layers for name in names)])
        else:
            (key, *others) = [name for names in layers for name in names]
            groups += [[*first, key], *([name] for name in others)]
    return groups


def _piece(extractor: Extractor, spec: GraphSpec, names: list[str]) -> Piece:
    model = extractor.extract_model([tensor.name for tensor in spec.inputs], names)
    read = {name for node in model.graph.node for name in node.input}
    kept = [tensor for tensor in model.graph.input if tensor.name in read]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    inputs = tuple(tensor for tensor in spec.inputs if tensor.name in read)
    outputs = {tensor.name: tensor for tensor in spec.outputs}
    return bytes(model.SerializeToString()), GraphSpec(inputs, tuple(outputs[name] for name in names))


def verify_pieces(whole: bytes, pieces: Sequence[Piece], feed: Arrays) -> None:
    """Run both.

    Raises:
        ParityError: the pieces give something else than the whole.
    """
    expected, given = run(session(whole), feed), Arrays()
    for graph, _ in pieces:
        given |= run(session(graph), feed)
    wrong = [
        name
        for name, array in expected.items()
        if name not in given
        or not np.allclose(given[name], array, rtol=0, atol=_TOLERANCE * np.abs(array).max())
    ]
    if wrong:
        raise ParityError(f"prepare and its pieces disagree, nothing was written: {', '.join(wrong)}")
