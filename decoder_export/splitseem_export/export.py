"""A model -> a folder with decoder graphs, vocabulary and manifest; verified first, written last."""

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import onnx
import onnxruntime
import torch

from splitseem_export.graphs import OPSET, DecoderGraphs, trace_graphs
from splitseem_export.io_spec import GraphSpec, TensorSpec, has_memory, num_queries
from splitseem_export.refiner_graphs import RefinerGraphs, trace_refiner
from splitseem_export.runtime import OnnxRefiner
from splitseem_export.sessions import GraphPair
from splitseem_export.verify import MIN_MASK_IOU, TOLERANCE, CaseReport, verify, verify_refiner
from splitseem_model.config import MAX_POINTS, STRIDE
from splitseem_model.segmentation import SegmentationModel, unit
from splitseem_model.weights import fingerprint
from splitseem_model.wiring import WIRINGS
from splitseem_proto import PROTOCOL_VERSION

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1


@dataclass(frozen=True)
class ExportReport:
    """What was written, and how far the graphs are from the torch core."""

    manifest: dict[str, Any]
    cases: list[CaseReport]


def export_decoder(model: SegmentationModel, out: Path) -> ExportReport:
    """Export a model's decoder into `out`, replacing what an earlier export left there.

    Returns:
        the manifest and the parity report.
    Raises:
        ParityError: graphs and core disagree; `out` is untouched.
    """
    graphs = trace_graphs(model.decoder)
    cases = verify(model.decoder, GraphPair.of_graphs(graphs))
    refiner = _verified_refiner(model)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        manifest = _manifest(model, graphs, cases, refiner, partial)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        partial.chmod(0o755)
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return ExportReport(manifest, cases)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an earlier export, or None when there is none that can be read."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if manifest.get("format") == MANIFEST_FORMAT else None


def is_current(model: SegmentationModel, folder: Path) -> bool:
    """Whether `folder` holds an export of exactly this model, made by these versions, with all its files."""
    manifest = read_manifest(folder)
    if (
        manifest is None
        or manifest["fingerprint"] != fingerprint(model)
        or manifest["made_by"] != _versions()
    ):
        return False
    files = [*manifest["graphs"].values(), manifest["vocabulary"]]
    return all((folder / entry["file"]).is_file() for entry in files)


@dataclass(frozen=True)
class _VerifiedRefiner:
    graphs: RefinerGraphs
    cases: list[dict[str, object]]


def _verified_refiner(model: SegmentationModel) -> _VerifiedRefiner | None:
    if model.refiner is None:
        return None
    graphs = trace_refiner(model.refiner)
    return _VerifiedRefiner(graphs, verify_refiner(model.refiner, OnnxRefiner.of_graphs(graphs)))


def _manifest(
    model: SegmentationModel,
    graphs: DecoderGraphs,
    cases: list[CaseReport],
    refiner: _VerifiedRefiner | None,
    folder: Path,
) -> dict[str, Any]:
    config = model.config
    names = config.vocabulary
    written = [("prepare", graphs.prepare, graphs.prepare_spec), ("step", graphs.step, graphs.step_spec)]
    if refiner is not None:
        written += [
            ("look", refiner.graphs.look, refiner.graphs.look_spec),
            ("refine", refiner.graphs.refine, refiner.graphs.refine_spec),
        ]
    return {
        "format": MANIFEST_FORMAT,
        "protocol_version": PROTOCOL_VERSION,
        "model": config.name,
        "fingerprint": fingerprint(model),
        "opset": OPSET,
        "made_by": _versions(),
        "config": _client_config(model),
        "wiring": _client_wiring(model),
        "graphs": {
            name: _written(folder, name, "onnx", graph) | _described(graph, spec)
            for name, graph, spec in written
        },
        "vocabulary": _written(folder, "vocabulary", "msgpack", _vocabulary(model)) | {"count": len(names)},
        "parity": {
            "tolerance": TOLERANCE,
            "min_mask_iou": MIN_MASK_IOU,
            "cases": [case.to_dict() for case in cases],
            **({} if refiner is None else {"refiner_cases": refiner.cases}),
        },
    }


def _versions() -> dict[str, str]:
    return {"torch": torch.__version__, "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}


def _client_config(model: SegmentationModel) -> dict[str, Any]:
    config, decoder = model.config, model.config.decoder
    return {
        "canvas": config.canvas,
        "canvas_side": config.canvas_side,
        "stride": STRIDE,
        "dim": decoder.dim,
        "mask_dim": decoder.mask_dim,
        "class_dim": decoder.class_dim,
        "num_layers": decoder.num_layers,
        "num_heads": decoder.num_heads,
        "num_queries": num_queries(decoder),
        "num_memories": decoder.num_memories if has_memory(decoder) else 0,
        "max_points": MAX_POINTS,
        "point_sampling": decoder.point_sampling,
        "selection": decoder.selection,
        "logit_scale": config.logit_scale,
        **({} if config.refiner is None else {"refiner": {"max_points": config.refiner.max_points}}),
        **({} if config.correction is None else {"correction": dict(vars(config.correction))}),
    }


def _client_wiring(model: SegmentationModel) -> dict[str, Any]:
    """The part of the wiring that the exported rows and keys are in."""
    decoder = model.config.decoder
    wiring = WIRINGS[decoder.wiring]
    rows = [{"name": wiring.interactive, "count": num_queries(decoder)}]
    if has_memory(decoder):
        rows.append({"name": "memory", "count": decoder.num_memories})
    here = {"point", *(str(row["name"]) for row in rows)}
    return {
        "name": wiring.name,
        "rows": rows,
        "keys": ["point"],
        "sees": {row["name"]: sorted(wiring.sees[str(row["name"])] & here) for row in rows},
    }


def _written(folder: Path, stem: str, suffix: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    name = f"{stem}.{digest[:12]}.{suffix}"
    (folder / name).write_bytes(content)
    return {"file": name, "sha256": digest, "bytes": len(content)}


def _described(graph: bytes, spec: GraphSpec) -> dict[str, Any]:
    """Inputs and outputs that the graph really has: the exporter drops an input that no operator reads."""
    kept = {tensor.name for tensor in onnx.load_from_string(graph).graph.input}
    return {
        "inputs": [_plain(tensor) for tensor in spec.inputs if tensor.name in kept],
        "outputs": [_plain(tensor) for tensor in spec.outputs],
    }


def _plain(tensor: TensorSpec) -> dict[str, Any]:
    return {"name": tensor.name, "dtype": tensor.dtype, "shape": list(tensor.shape)}


def _vocabulary(model: SegmentationModel) -> bytes:
    matrix = unit(model.class_matrix.detach()).float().numpy().astype("<f4")
    tensor = {"dtype": "float32", "shape": list(matrix.shape), "data": matrix.tobytes()}
    return bytes(msgpack.packb({"names": list(model.config.vocabulary), "class_matrix": tensor}))
