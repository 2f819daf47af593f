"""A model -> a folder with decoder graphs, vocabulary and manifest; verified first, written last."""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splitseem_export.folders import MANIFEST, check_replaceable, put_in_place
from splitseem_export.graphs import DecoderGraphs, trace_general_graphs, trace_graphs
from splitseem_export.lateral_graphs import lateral_pyramid, trace_lateral, verify_lateral
from splitseem_export.manifest import MANIFEST_FORMAT, VerifiedGraphs, make_manifest, versions
from splitseem_export.pieces import Piece, prepare_pieces, verify_pieces
from splitseem_export.precision import FLOAT32, PRECISION_OF_PROVIDER
from splitseem_export.refiner_graphs import RefinerGraphs, trace_refiner
from splitseem_export.sessions import GraphPair, OnnxRefiner
from splitseem_export.verify import CaseReport, random_features, verify, verify_refiner
from splitseem_export.verify_general import verify_general
from splitseem_export.verify_stored import verify_stored
from splitseem_model.network import SegmentationModel


@dataclass(frozen=True)
class ExportReport:
    """What was written, and how far the graphs of `prepare` and `step` are from the torch core."""

    manifest: dict[str, Any]
    cases: list[CaseReport]


def export_decoder(
    model: SegmentationModel, out: Path, precisions: Mapping[str, str] = PRECISION_OF_PROVIDER
) -> ExportReport:
    """Export a model's decoder into `out`, replacing what an earlier export left there.

    Args:
        precisions: execution provider of the client -> precision of the weights that it loads.
    Returns:
        the manifest and the parity report.
    Raises:
        ParityError: graphs and core disagree; `out` is untouched.
        FolderError: `out` is a file, or holds files that are no earlier export's.
    """
    out = out.resolve()
    check_replaceable(out)
    graphs = trace_graphs(model.decoder)
    cases = verify(model.decoder, GraphPair.of_graphs(graphs))
    click = VerifiedGraphs(
        "cases",
        {"prepare": (graphs.prepare, graphs.prepare_spec), "step": (graphs.step, graphs.step_spec)},
        [case.to_dict() for case in cases],
        {"prepare": _pieces_of_prepare(model, graphs)},
    )
    refiner = None if model.refiner is None else trace_refiner(model.refiner)
    parts = [
        click,
        *_general_graphs(model),
        *_refiner_graphs(model, refiner),
        *_lateral_graphs(model, list(precisions.values())),
    ]
    stored = {
        name: verify_stored(model, graphs, refiner, name) for name in dict.fromkeys(precisions.values())
    }
    parity = {name: report.to_dict() for name, report in stored.items() if report is not None}
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        manifest = make_manifest(model, parts, partial, precisions, parity)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        partial.chmod(0o755)
        put_in_place(partial, out)
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


def is_current(
    model: SegmentationModel, folder: Path, precisions: Mapping[str, str] = PRECISION_OF_PROVIDER
) -> bool:
    """Whether `folder` holds an export of exactly this model, made by these versions, with all its files."""
    manifest = read_manifest(folder)
    if manifest is None or manifest["fingerprint"] != model.fingerprint():
        return False
    if manifest["made_by"] != versions() or manifest["precisions"] != dict(precisions):
        return False
    graphs = manifest["graphs"].values()
    whole = [*graphs, *(piece for graph in graphs for piece in graph.get("pieces", ()))]
    variants = [variant for graph in whole for variant in graph["variants"].values()]
    return all((folder / entry["file"]).is_file() for entry in (*whole, *variants, manifest["vocabulary"]))


def _pieces_of_prepare(model: SegmentationModel, graphs: DecoderGraphs) -> list[Piece]:
    pieces = prepare_pieces(graphs.prepare, graphs.prepare_spec, model.config.decoder.num_layers)
    levels, mask_features = random_features(model.decoder, (3, 4), seed=0)
    feed = {f"level{i}": level.numpy() for i, level in enumerate(levels)}
    verify_pieces(graphs.prepare, pieces, feed | {"mask_features": mask_features.numpy()})
    return pieces


def _general_graphs(model: SegmentationModel) -> list[VerifiedGraphs]:
    """Only for models that take texts: these are what needs other rows than a click."""
    if not model.config.takes_text:
        return []
    graphs = trace_general_graphs(model.decoder)
    reports = verify_general(model.decoder, GraphPair.of_graphs(graphs))
    named = {
        "general_prepare": (graphs.prepare, graphs.prepare_spec),
        "general_step": (graphs.step, graphs.step_spec),
    }
    return [VerifiedGraphs("general_cases", named, [report.to_dict() for report in reports])]


def _refiner_graphs(model: SegmentationModel, graphs: RefinerGraphs | None) -> list[VerifiedGraphs]:
    if model.refiner is None or graphs is None:
        return []
    cases = verify_refiner(model.refiner, OnnxRefiner.of_graphs(graphs))
    named = {"look": (graphs.look, graphs.look_spec), "refine": (graphs.refine, graphs.refine_spec)}
    return [VerifiedGraphs("refiner_cases", named, cases)]


def _lateral_graphs(model: SegmentationModel, precisions: Sequence[str]) -> list[VerifiedGraphs]:
    """Only for pyramids whose finest step a reader can do."""
    fpn = lateral_pyramid(model)
    if fpn is None:
        return []
    graphs = trace_lateral(fpn)
    wanted = dict.fromkeys([FLOAT32, *precisions])
    cases = [case for precision in wanted for case in verify_lateral(fpn, graphs, precision)]
    return [VerifiedGraphs("lateral_cases", graphs, cases)]
