"""`manifest.json`: what a decoder outside this package, for instance in a browser, must know of a model."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import onnx
import onnxruntime
import torch

from splitseem_export.graphs import OPSET
from splitseem_export.io_spec import GraphSpec, TensorSpec, has_memory, num_queries
from splitseem_export.lateral_graphs import ROWS, lateral_pyramid
from splitseem_export.pieces import Piece
from splitseem_export.precision import PRECISION_OF_PROVIDER, stored
from splitseem_export.verify import MIN_MASK_IOU, TOLERANCE
from splitseem_model.config import MAX_POINTS, STRIDE
from splitseem_model.decode.wiring import WIRINGS, Wiring, wiring_of_step
from splitseem_model.encode.semantic import sentence_space
from splitseem_model.layers.arrays import Floats
from splitseem_model.mask.selection import text_weight
from splitseem_model.network import SegmentationModel
from splitseem_model.prompt.shapes import region_rules
from splitseem_model.text.towers import text_tower
from splitseem_model.text.vocabulary import vocabulary_of
from splitseem_proto import PROTOCOL_VERSION

MANIFEST_FORMAT = 1
EXPORT_REVISION = "4"
"""Raised when equal models and versions give other files than before: earlier exports are then made again."""


@dataclass(frozen=True)
class VerifiedGraphs:
    """Graphs that belong together.

    Attributes:
        parity_key: name of their cases in the manifest.
        graphs: name -> bytes, inputs and outputs.
        cases: how far they are from the torch core.
        pieces: name -> the same graph, cut into pieces.
    """

    parity_key: str
    graphs: Mapping[str, tuple[bytes, GraphSpec]]
    cases: Sequence[Mapping[str, object]]
    pieces: Mapping[str, Sequence[Piece]] = field(default_factory=dict)


def make_manifest(
    model: SegmentationModel,
    parts: Sequence[VerifiedGraphs],
    folder: Path,
    precisions: Mapping[str, str] = PRECISION_OF_PROVIDER,
    stored_parity: Mapping[str, Mapping[str, object]] | None = None,
) -> dict[str, Any]:
    """Write graphs and vocabulary into `folder`, and describe them.

    Args:
        precisions: execution provider -> precision of the weights it loads; the files of the first are the
            graphs, those of the others their variants.
        stored_parity: precision -> what is left of the answers.
    """
    config = model.config
    return {
        "format": MANIFEST_FORMAT,
        "protocol_version": PROTOCOL_VERSION,
        "model": config.name,
        "fingerprint": model.fingerprint(),
        "opset": OPSET,
        "made_by": versions(),
        "config": client_config(model),
        "wiring": _client_wiring(model),
        **({"text_wirings": _text_wirings(model)} if config.takes_text else {}),
        "precisions": dict(precisions),
        "graphs": {
            name: _stored_graph(folder, name, graph, precisions)
            | _described(graph, spec)
            | _stored_pieces(folder, name, part.pieces.get(name, ()), precisions)
            for part in parts
            for name, (graph, spec) in part.graphs.items()
        },
        "vocabulary": write_vocabulary(model, folder),
        "parity": {
            "tolerance": TOLERANCE,
            "min_mask_iou": MIN_MASK_IOU,
            "precisions": dict(stored_parity or {}),
            **{part.parity_key: list(part.cases) for part in parts},
        },
    }


def versions() -> dict[str, str]:
    """Of what makes and proves the graphs."""
    return {
        "export": EXPORT_REVISION,
        "torch": torch.__version__,
        "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__,
    }


def client_config(model: SegmentationModel) -> dict[str, Any]:
    """What the page must know of a model beside its graphs."""
    config, decoder = model.config, model.config.decoder
    return {
        "canvas": config.canvas,
        "canvas_side": config.canvas_side,
        "stride": STRIDE,
        "dim": decoder.dim,
        "mask_dim": decoder.mask_dim,
        "level_dims": list(decoder.level_channels),
        "class_dim": decoder.class_dim,
        "num_layers": decoder.num_layers,
        "num_heads": decoder.num_heads,
        "num_queries": num_queries(decoder),
        "num_memories": decoder.num_memories if has_memory(decoder) else 0,
        "max_points": MAX_POINTS,
        "point_sampling": decoder.point_sampling,
        "selection": decoder.selection,
        **({} if decoder.first_passes == 1 else {"first_passes": decoder.first_passes}),
        "logit_scale": config.logit_scale,
        "region_rules": dict(vars(region_rules(decoder))),
        **({"text": {"weight": text_weight(config)}} if config.takes_text else {}),
        **(
            {}
            if config.refiner is None
            else {"refiner": {"max_points": config.refiner.max_points, "fine_side": config.refiner.fine_side}}
        ),
        **({"lateral": {"rows": ROWS}} if lateral_pyramid(model) else {}),
        **({} if config.correction is None else {"correction": dict(vars(config.correction))}),
        **(
            {}
            if config.semantic is None
            else {"semantic": {"channels": config.semantic.channels, "sentence_dim": config.sentence_dim}}
        ),
        **({} if config.photo is None else {"photo": dict(vars(config.photo))}),
    }


def _client_wiring(model: SegmentationModel) -> dict[str, Any]:
    """The part of the wiring that the rows and keys of `step` are in."""
    decoder = model.config.decoder
    wiring = WIRINGS[decoder.wiring]
    rows: list[dict[str, Any]] = [{"name": wiring.interactive, "count": num_queries(decoder)}]
    return _described_wiring(wiring, rows + _memory_rows(model))


def _text_wirings(model: SegmentationModel) -> dict[str, Any]:
    """Rows and keys of `general_step` for texts alone, and together with points.

    A query group starts from the first `count` learned queries; the text has a row a token. One of the rows
    of `answering` is the answer, chosen by the text or by the points.
    """
    decoder = model.config.decoder
    described = {}
    for name, points in (("alone", False), ("together", True)):
        wiring = wiring_of_step(decoder.wiring, text=True, points=points)
        by_text = wiring.answers_by_text(text=True, points=points)
        answering = wiring.answering(by_text=by_text)
        rows: list[dict[str, Any]] = [
            {"name": group, "count": len(wiring.learned_queries(group, decoder.num_queries))}
            for group in wiring.queries_needed(answering, text=True)
        ]
        rows += [*_memory_rows(model), {"name": "text", "count": None}]
        chosen_by = "text" if by_text else "points"
        described[name] = {
            **_described_wiring(wiring, rows),
            "answering": answering,
            "chosen_by": chosen_by,
        }
    return described


def _memory_rows(model: SegmentationModel) -> list[dict[str, Any]]:
    decoder = model.config.decoder
    return [{"name": "memory", "count": decoder.num_memories}] if has_memory(decoder) else []


def _described_wiring(wiring: Wiring, rows: list[dict[str, Any]]) -> dict[str, Any]:
    here = {"point", *(row["name"] for row in rows)}
    return {
        "name": wiring.name,
        "rows": rows,
        "keys": ["point"],
        "sees": {row["name"]: sorted(wiring.sees[row["name"]] & here) for row in rows},
    }


def _written(folder: Path, stem: str, suffix: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    name = f"{stem}.{digest[:12]}.{suffix}"
    (folder / name).write_bytes(content)
    return {"file": name, "sha256": digest, "bytes": len(content)}


def _stored_graph(folder: Path, stem: str, graph: bytes, precisions: Mapping[str, str]) -> dict[str, Any]:
    first, *others = (
        {"precision": name} | _written(folder, stem, "onnx", stored(graph, name))
        for name in dict.fromkeys(precisions.values())
    )
    return first | {"variants": {variant.pop("precision"): variant for variant in others}}


def _stored_pieces(
    folder: Path, stem: str, pieces: Sequence[Piece], precisions: Mapping[str, str]
) -> dict[str, Any]:
    written = [
        _stored_graph(folder, f"{stem}{i}", graph, precisions) | _described(graph, spec)
        for i, (graph, spec) in enumerate(pieces)
    ]
    return {"pieces": written} if written else {}


def _described(graph: bytes, spec: GraphSpec) -> dict[str, Any]:
    """Inputs and outputs that the graph really has: the exporter drops an input that no operator reads."""
    kept = {tensor.name for tensor in onnx.load_from_string(graph).graph.input}
    return {
        "inputs": [_plain(tensor) for tensor in spec.inputs if tensor.name in kept],
        "outputs": [_plain(tensor) for tensor in spec.outputs],
    }


def _plain(tensor: TensorSpec) -> dict[str, Any]:
    return {"name": tensor.name, "dtype": tensor.dtype, "shape": list(tensor.shape)}


def write_vocabulary(model: SegmentationModel, folder: Path) -> dict[str, Any]:
    """Class names and class matrix, both empty for a model without; and what takes meanings of masks to the
    space of the names, for a model with a map of meanings."""
    vocabulary = vocabulary_of(model, text_tower(model))
    names = [] if vocabulary is None else list(vocabulary.names)
    empty = np.empty((0, model.config.decoder.class_dim), np.float32)
    matrix = empty if vocabulary is None else vocabulary.matrix
    content: dict[str, Any] = {"names": names, "class_matrix": _packed(matrix)}
    if model.semantic is not None:
        content["to_sentence"] = _packed(sentence_space(model.semantic).rows)
    return _written(folder, "vocabulary", "msgpack", bytes(msgpack.packb(content))) | {"count": len(names)}


def _packed(matrix: Floats) -> dict[str, Any]:
    array = matrix.astype("<f4")
    return {"dtype": "float32", "shape": list(array.shape), "data": array.tobytes()}
